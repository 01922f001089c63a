drawers.line = (look, frame, slots) => {
  let [path, pen] = ["", "M"];
  slots.x.forEach((x, i) => {
    if (slots.y[i] !== null) path += `${pen}${pixel(frame.x, x)} ${pixel(frame.y, slots.y[i])}`;
    pen = slots.y[i] === null ? "M" : "L";
  });
  return group(look, "line", `<path d="${path}" ${stroke(look)}/>`) + railMarks(look, frame, slots);
};
