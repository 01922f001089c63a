fillers.rule = (b, values) => {
  const at = [values[b.at][0], values[b.at][0]];
  const [x, y] = b.vertical ? [at, b.across] : [b.across, at];
  return { x, y, text: b.text };
};

drawers.rule = (look, frame, slots, labels) => {
  const [x0, x1] = slots.x.map((x) => pixel(frame.x, x));
  const [y0, y1] = slots.y.map((y) => pixel(frame.y, y));
  const [width, height, places] = [10 * frame.width, 10 * frame.height, []];
  if (x0 === x1) {
    const sides = [["start", x0 + 60], ["end", x0 - 60]];
    if (10 * x0 > 7 * width) sides.reverse();
    for (let y = 130; y < height - 40; y += 80) for (const [side, x] of sides) places.push([x, y, side]);
  } else for (let x = width - 60; x > 0; x -= 160) places.push([x, y1 - 80, "end"], [x, y1 + 160, "end"]);
  if (x1 >= 0 && x1 <= width && (x0 === x1 || (y1 >= 0 && y1 <= height))) labels.word(look, slots.text, places, x0 === x1 ? 3 : 1);
  labels.path([[x0, y0], [x1, y1]]);
  return group(look, "rule", `<path d="M${x0} ${y0}L${x1} ${y1}" ${stroke(look)}/>`);
};
