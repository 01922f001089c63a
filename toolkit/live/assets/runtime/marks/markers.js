drawers.markers = (look, frame, slots) => {
  const drawn = slots.x.map((x, i) => (slots.y[i] === null ? "" : symbolAt(pixel(frame.x, x), pixel(frame.y, slots.y[i]), look.symbol)));
  return group(look, "markers", drawn.join("")) + railMarks(look, frame, slots);
};
