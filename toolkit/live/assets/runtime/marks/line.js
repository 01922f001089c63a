const SAMPLES = 16;

/* Places for a line's name: at its right end, then above and below the line, from the right to the left. */
function besideLine(points, frame) {
  const parts = Math.ceil(SAMPLES / Math.max(points.length - 1, 1));
  const along = points.flatMap(([x, y], i) => {
    if (i === points.length - 1) return [[x, y]];
    const [toX, toY] = points[i + 1];
    return Array.from({ length: parts }, (_, k) => [[x, toX], [y, toY]].map(([a, b]) => Math.floor((a * (parts - k) + b * k) / parts)));
  });
  const seen = along.filter(([x, y]) => x >= 0 && x <= 10 * frame.width && y >= 0 && y <= 10 * frame.height).reverse();
  const places = seen.slice(0, 1).map(([x, y]) => [x + 50, y + 45, "start"]);
  const step = Math.ceil(seen.length / SAMPLES);
  for (let k = 0; k < seen.length; k += step)
    for (const far of [60, 100])
      for (const [side, anchor] of [[0, "middle"], [-40, "end"], [40, "start"]]) {
        const [x, y] = seen[k];
        places.push([x + side, y - far, anchor], [x + side, y + far + 90, anchor]);
      }
  return places;
}

drawers.line = (look, frame, slots, labels) => {
  const [points, line] = [[], labels.line()];
  let [path, run] = ["", []];
  slots.x.forEach((x, i) => {
    if (slots.y[i] !== null) {
      run.push([pixel(frame.x, x), pixel(frame.y, slots.y[i])]);
      points.push(run.at(-1));
      path += `${run.length > 1 ? "L" : "M"}${run.at(-1)[0]} ${run.at(-1)[1]}`;
    } else if (run.length) {
      labels.path(run, line);
      run = [];
    }
  });
  labels.path(run, line);
  if (frame.named) labels.word(look, look.name, besideLine(points, frame), 2, line);
  return group(look, "line", `<path d="${path}" ${stroke(look)}/>`) + railMarks(look, frame, slots, labels);
};
