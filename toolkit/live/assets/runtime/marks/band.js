fillers.band = (b, values) => {
  const [left, right] = [values[b.x0][0], values[b.x1][0]];
  if (!(left < right)) return { x: [], y: [], middle: 0, text: "" };
  return { x: [left, right], y: b.y, middle: b.log ? Math.sqrt(left * right) : (left + right) / 2, text: b.text };
};

drawers.band = (look, frame, slots) => {
  if (!slots.x.length) return "";
  const [left, right] = slots.x.map((x) => clamp(pixel(frame.x, x), 0, 10 * frame.width));
  const height = 10 * frame.height;
  let hatch = "";
  for (let start = left - height; start < right; start += 120) {
    const [first, last] = [Math.max(start, left), Math.min(start + height, right)];
    if (first < last) hatch += `M${first} ${height - (first - start)}L${last} ${height - (last - start)}`;
  }
  return group(look, "band", `<path d="${hatch}"/>${textAt(pixel(frame.x, slots.middle), 340, slots.text, "middle")}`);
};
