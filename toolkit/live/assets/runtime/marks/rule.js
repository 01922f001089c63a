fillers.rule = (b, values) => {
  const at = [values[b.at][0], values[b.at][0]];
  const [x, y] = b.vertical ? [at, b.across] : [b.across, at];
  return { x, y, text: b.text };
};

/* The side of an upright rule on which its word has room, else the usual one. */
function ruleSide(x, room, upright, width) {
  const free = {
    start: x + room < width && !upright.some((other) => x < other && other < x + room),
    end: x - room > 0 && !upright.some((other) => x - room < other && other < x),
  };
  const [usual, other] = 10 * x > 7 * width ? ["end", "start"] : ["start", "end"];
  return free[other] && !free[usual] ? other : usual;
}

/* Where the word of a level rule ends: at the plot's edge, or before upright rules that would cross it. */
function ruleEnd(room, upright, width) {
  return upright.reduceRight((end, other) => (end - room < other && other < end && other > room ? other : end), width);
}

drawers.rule = (look, frame, slots) => {
  const [x0, x1] = slots.x.map((x) => pixel(frame.x, x));
  const [y0, y1] = slots.y.map((y) => pixel(frame.y, y));
  const room = LETTER * slots.text.length + 90;
  const side = x0 === x1 ? ruleSide(x0, room, look.upright, 10 * frame.width) : "end";
  const text =
    x0 === x1
      ? textAt(x0 + (side === "end" ? -60 : 60), 130, slots.text, side)
      : textAt(ruleEnd(room, look.upright, 10 * frame.width) - 60, y1 - 60, slots.text, side);
  return group(look, "rule", `<path d="M${x0} ${y0}L${x1} ${y1}" ${stroke(look)}/>${text}`);
};
