/* What lines, markers and bars share, as in marks/_series.py: points, and rails for what has no place. */
const CROWD = 130;

function special(value) {
  if (Number.isNaN(value)) return ["NaN", "x-thin-open", 0];
  if (value === 0) return ["exactly 0", "circle-open", 0];
  if (Number.isFinite(value)) return ["negative", "triangle-down-open", 0];
  return value > 0 ? ["+inf", "triangle-up-open", 1] : ["−inf", "triangle-down-open", 0];
}

fillers.series = (b, values) => {
  const given = typeof b.y === "string" ? Array.from(values[b.y]) : b.y.map((v) => (typeof v === "string" ? values[v][0] : v));
  const count = b.length === null ? given.length : values[b.length][0];
  const all = given.slice(0, count);
  const places = b.x === null ? all.map((_, i) => i + 1) : Array.from(typeof b.x === "string" ? values[b.x] : b.x);
  const x = places.slice(0, count);
  const y = all.map((v) => (Number.isFinite(v) && (v > 0 || !b.positive) ? v : null));
  const rail = { x: [], y: [], text: [], symbol: [] };
  all.forEach((value, i) => {
    const zero = value === 0 && b.zeros;
    if (y[i] !== null && !zero) return;
    const [name, symbol, edge] = special(value);
    rail.text.push(rail.text.includes(name) ? "" : name);
    rail.x.push(x[i]);
    rail.y.push(zero && !b.positive ? 0 : b.rails[edge]);
    rail.symbol.push(symbol);
  });
  return { x, y, rail };
};

function railMarks(look, frame, { rail }, places) {
  const last = {};
  let [body, words] = ["", 0];
  rail.x.forEach((x, i) => {
    const [left, top, symbol] = [places ? places.get(x) : pixel(frame.x, x), pixel(frame.y, rail.y[i]), rail.symbol[i]];
    if (Math.abs(left - (last[symbol] ?? left + CROWD)) < CROWD) return;
    last[symbol] = left;
    const row = 160 * (look.row + words);
    if (rail.text[i]) words += 1;
    const end = left + 50 + LETTER * rail.text[i].length > 10 * frame.width;
    body +=
      symbolAt(left, top, symbol) +
      textAt(left + (end ? 50 : -50), top + (top < 300 ? 190 + row : -110 - row), rail.text[i], end ? "end" : "start");
  });
  return body && group(look, "rail", body);
}
