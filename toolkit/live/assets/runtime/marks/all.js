/* All marks register here, by kind. `fillSlots` and `marksSvg` mirror slots.py and drawing.py: a test compares them. */
const fillers = {}; // by the kind of a binding: what a mark draws, from values
const drawers = {}; // by the kind of a look: its SVG
const finders = {}; // by the kind of a look, for marks without points: what lies under a pointer

const fillSlots = (bindings, values) => bindings.map((b) => fillers[b.kind](b, values));

function marksSvg(looks, frame, filled) {
  let [shapes, row] = ["", 0];
  const rules = filled.filter((slots, i) => looks[i].kind === "rule" && slots.x[0] === slots.x[1]);
  const upright = rules.map((slots) => pixel(frame.x, slots.x[0])).sort((a, b) => a - b);
  looks.forEach((look, i) => {
    shapes += drawers[look.kind]({ ...look, row, upright }, frame, filled[i]);
    if (filled[i].rail?.x.length) row += 1;
  });
  return shapes;
}
