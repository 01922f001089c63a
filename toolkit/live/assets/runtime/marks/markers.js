/* Places of a lone marker's name, from its middle. */
const BESIDE = [0, 130, 260].flatMap((far) =>
  [[90, 45], [60, -100 - far], [60, 190 + far], [90 + far, -50], [90 + far, 140]].flatMap(([across, down]) =>
    [[across, down, "start"], [-across, down, "end"]]));

drawers.markers = (look, frame, slots, labels) => {
  const [across, up] = halfOf(look.symbol);
  const drawn = slots.x.map((x, i) => {
    if (slots.y[i] === null) return "";
    const [left, top] = [pixel(frame.x, x), pixel(frame.y, slots.y[i])];
    labels.box(left - across, top - up, left + across, top + up);
    if (frame.named && look.alone) labels.word(look, look.name, BESIDE.map(([x, y, side]) => [left + x, top + y, side]), 1);
    return symbolAt(left, top, look.symbol);
  });
  return group(look, "markers", drawn.join("")) + railMarks(look, frame, slots, labels);
};
