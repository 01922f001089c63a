drawers.markers = (look, frame, slots, labels) => {
  const [across, up] = halfOf(look.symbol);
  const drawn = slots.x.map((x, i) => {
    if (slots.y[i] === null) return "";
    const [left, top] = [pixel(frame.x, x), pixel(frame.y, slots.y[i])];
    labels.box(left - across, top - up, left + across, top + up);
    return symbolAt(left, top, look.symbol);
  });
  return group(look, "markers", drawn.join("")) + railMarks(look, frame, slots, labels);
};
