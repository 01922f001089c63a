/* Width of the bars of a mark, their left edges and middles, by x. */
function barPlaces(look, frame, { x }) {
  const centres = x.map((place) => pixel(frame.x, place));
  const gap = centres.length > 1 ? centres[1] - centres[0] : 5 * frame.width;
  const width = (0.75 * gap) / look.count;
  const lefts = centres.map((centre) => Math.floor(centre + (look.order - look.count / 2) * width + 0.5));
  return { width, lefts, middles: new Map(x.map((place, i) => [place, Math.floor(lefts[i] + width / 2 + 0.5)])) };
}

drawers.bars = (look, frame, slots, labels) => {
  const { width, lefts, middles } = barPlaces(look, frame, slots);
  const foot = frame.y.log ? 10 * frame.height : pixel(frame.y, 0);
  const body = slots.y.map((y, i) => {
    if (y === null) return "";
    const [left, top] = [lefts[i], pixel(frame.y, y)];
    labels.box(left, Math.min(top, foot), left + Math.floor(width), Math.max(top, foot));
    return `<rect x="${left}" y="${Math.min(top, foot)}" width="${Math.floor(width)}" height="${Math.abs(foot - top)}"/>`;
  });
  return group(look, look.hollow ? "hollow" : "bars", body.join("")) + railMarks(look, frame, slots, labels, middles, true);
};

readers.bars = (look, frame, slots, given) => {
  const { width, middles } = barPlaces(look, frame, slots);
  return readSeries(look, frame, slots, given, middles, [width / 2, Infinity]);
};
