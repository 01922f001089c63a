fillers.band = (b, values) => {
  const [left, right] = [values[b.x0][0], values[b.x1][0]];
  if (!(left < right)) return { x: [], y: [], middle: 0, text: "" };
  return { x: [left, right], y: b.y, middle: b.log ? Math.sqrt(left * right) : (left + right) / 2, text: b.text };
};

drawers.band = (look, frame, slots, labels) => {
  if (!slots.x.length) return "";
  const [left, right] = slots.x.map((x) => clamp(pixel(frame.x, x), 0, 10 * frame.width));
  const height = 10 * frame.height;
  let hatch = "";
  for (let start = left - height; start < right; start += 120) {
    const [first, last] = [Math.max(start, left), Math.min(start + height, right)];
    if (first < last) hatch += `M${first} ${height - (first - start)}L${last} ${height - (last - start)}`;
  }
  labels.box(left, 0, right, height, HATCHED);
  const half = halfWidth(slots.text);
  const heights = Array.from({ length: Math.max(Math.ceil((height - 220) / 80), 0) }, (_, k) => 180 + 80 * k);
  heights.sort((a, b) => Math.abs(a - 340) - Math.abs(b - 340));
  const places = [Math.floor((left + right) / 2), left + half, right - half].flatMap((x) =>
    heights.map((y) => [Math.max(half, Math.min(x, 10 * frame.width - half)), y, "middle"]));
  labels.word(look, slots.text, left < right ? places : [], 4);
  return group(look, "band", `<path d="${hatch}"/>`);
};
