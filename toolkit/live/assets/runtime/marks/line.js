drawers.line = (look, frame, slots, labels) => {
  let [path, run] = ["", []];
  slots.x.forEach((x, i) => {
    if (slots.y[i] !== null) {
      run.push([pixel(frame.x, x), pixel(frame.y, slots.y[i])]);
      path += `${run.length > 1 ? "L" : "M"}${run.at(-1)[0]} ${run.at(-1)[1]}`;
    } else if (run.length) {
      labels.path(run);
      run = [];
    }
  });
  labels.path(run);
  return group(look, "line", `<path d="${path}" ${stroke(look)}/>`) + railMarks(look, frame, slots, labels);
};
