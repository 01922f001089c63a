/* All marks register here, by kind. `fillSlots` and `marksSvg` mirror slots.py and drawing.py: a test compares them. */
const fillers = {}; // by the kind of a binding: what a mark draws, from values
const drawers = {}; // by the kind of a look: its SVG
const readers = {}; // by the kind of a look: lines of points whose values can be read

/* The values of a series, drawn or not. */
function givenValues(b, values) {
  if (b.kind !== "series") return null;
  const given = typeof b.y === "string" ? Array.from(values[b.y]) : b.y.map((v) => (typeof v === "string" ? values[v][0] : v));
  return given.slice(0, b.length === null ? given.length : values[b.length][0]);
}

const fillSlots = (bindings, values) => bindings.map((b) => fillers[b.kind](b, values));

function marksSvg(looks, frame, filled, labels = new Labels(frame)) {
  return looks.map((look, i) => drawers[look.kind](look, frame, filled[i], labels)).join("") + labels.svg();
}
