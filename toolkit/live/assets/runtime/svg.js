/* Pieces of SVG that all marks are made of, as in svg.py. Coordinates are whole tenths of a pixel. */
const FAR = 1e5;
let symbols = {};
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const escaped = (text) => text.replace(/[&<>"']/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;" })[c]);

function pixel(scale, value) {
  const coordinate = typeof value === "string" ? scale.words.indexOf(value) : value;
  const place = scale.offset + scale.slope * (scale.log ? Math.log10(coordinate) : coordinate);
  return Math.floor(10 * clamp(place, -FAR, FAR) + 0.5);
}

const symbolAt = (x, y, name) => `<path transform="translate(${x} ${y})" d="${symbols[name]}"/>`;
const textAt = (x, y, text, anchor) => (text ? `<text x="${x}" y="${y}" text-anchor="${anchor}">${escaped(text)}</text>` : "");
const halfOf = (symbol) => (symbol === "line-ew" ? [130, 10] : [55, 55]);
const group = (look, kind, body) => `<g class="live-${kind}" style="--live-ink:var(--live-${look.role})">${body}</g>`;
const stroke = (look) => `stroke-width="${look.width}" stroke-dasharray="${look.dash}"`;
