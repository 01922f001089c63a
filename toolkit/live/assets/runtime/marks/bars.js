drawers.bars = (look, frame, slots, labels) => {
  const centres = slots.x.map((x) => pixel(frame.x, x));
  const gap = centres.length > 1 ? centres[1] - centres[0] : 5 * frame.width;
  const width = (0.75 * gap) / look.count;
  const foot = frame.y.log ? 10 * frame.height : pixel(frame.y, 0);
  const places = new Map();
  const body = slots.x.map((x, i) => {
    const left = Math.floor(centres[i] + (look.order - look.count / 2) * width + 0.5);
    places.set(x, Math.floor(left + width / 2 + 0.5));
    if (slots.y[i] === null) return "";
    const top = pixel(frame.y, slots.y[i]);
    labels.box(left, Math.min(top, foot), left + Math.floor(width), Math.max(top, foot));
    return `<rect x="${left}" y="${Math.min(top, foot)}" width="${Math.floor(width)}" height="${Math.abs(foot - top)}"/>`;
  });
  return group(look, look.hollow ? "hollow" : "bars", body.join("")) + railMarks(look, frame, slots, labels, places, true);
};
