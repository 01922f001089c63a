/* Boxes, as in marks/boxes.py. */
const INSET = 40;

fillers.boxes = (b, values) => {
  const given = Array.from(values[b.z]);
  const count = b.length === null ? Math.floor(given.length / 4) : Math.trunc(values[b.length][0]);
  const edges = Array.from({ length: count }, (_, i) => given.slice(4 * i, 4 * i + 4));
  const value = b.value === null ? null : Array.from(values[b.value]).slice(0, count);
  const middle = (from, to) => edges.map((each) => (each[from] + each[to]) / 2);
  return { x: middle(0, 2), y: middle(1, 3), edges, value, texts: b.texts };
};

function saidOfBox({ texts, value }, i) {
  const said = texts.slice(i, i + 1);
  return (value === null ? said : [...said, formatNumber(value[i], "2g")]).join(" ");
}

/* Left, top, right and bottom of a box in tenths of a pixel. */
function boxPlace(frame, [x1, y1, x2, y2]) {
  const [across, down] = [[x1, x2].map((x) => pixel(frame.x, x)), [y1, y2].map((y) => pixel(frame.y, y))];
  return [Math.min(...across), Math.min(...down), Math.max(...across), Math.max(...down)];
}

drawers.boxes = (look, frame, slots, labels) => {
  const drawn = slots.edges.map((edges, i) => {
    if (!edges.every(Number.isFinite)) return "";
    const [left, top, right, bottom] = boxPlace(frame, edges);
    const value = slots.value === null ? 1 : slots.value[i];
    const shade = Number.isNaN(value) ? 0 : Math.floor(30 * clamp(value, 0, 1) + 0.5);
    const dash = value === 0 ? "90 60" : "";
    for (const [x0, y0, x1, y1] of [[left, top, left, bottom], [right, top, right, bottom], [left, top, right, top],
      [left, bottom, right, bottom]]) labels.box(x0, y0, x1, y1);
    const places = [top + 130, bottom - INSET, top - INSET, bottom + 130].flatMap((y) =>
      [[left + INSET, y, "start"], [right - INSET, y, "end"]]);
    labels.word(look, saidOfBox(slots, i), places, 1);
    const held = i === 0 && look.drag ? symbolAt(Math.floor((left + right) / 2), Math.floor((top + bottom) / 2), "cross") : "";
    return `<rect x="${left}" y="${top}" width="${right - left}" height="${bottom - top}" fill-opacity="${shade}%"`
      + ` stroke-width="${look.width}" stroke-dasharray="${dash}"/>${held}`;
  });
  return group(look, "boxes", drawn.join(""));
};

/* Each box with its edges in words. */
readers.boxes = (look, frame, slots) => [slots.edges.flatMap((edges, i) => {
  if (!edges.every(Number.isFinite)) return [];
  const [left, top, right, bottom] = boxPlace(frame, edges);
  const [x1, y1, x2, y2] = edges.map((edge) => formatNumber(edge));
  const text = () => `${saidOfBox(slots, i) || look.name}: from ${x1}, ${y1} to ${x2}, ${y2}`;
  return [{ left: (left + right) / 2, top: (top + bottom) / 2, reach: [(right - left) / 2, (bottom - top) / 2], text }];
})];
