/* Sentences of a figure, as readout.py writes them. */
const NO_SENTENCE = "A sentence here would tell what is hidden.";

function sentence(readouts, values, hidden) {
  const text = ([name, index, spec]) => {
    const plural = spec.endsWith("s");
    if (hidden.tells(name)) return plural ? "s" : hidden.word(name);
    const value = values[name][index];
    if (typeof value === "string") return value;
    const said = formatNumber(value, spec);
    return !plural && hidden.covers(said, spec, values) ? "?" : said;
  };
  const open = (condition) => condition === null || !hidden.tells(condition);
  const told = readouts.filter((r) => open(r.when) && open(r.unless));
  if (readouts.length && !told.length) return NO_SENTENCE;
  const set = (name) => values[name][0] !== 0;
  return told
    .filter((r) => (r.when === null || set(r.when)) && (r.unless === null || !set(r.unless)))
    .map((r) => r.parts.map((part) => (Array.isArray(part) ? text(part) : part)).join(""))
    .join(" ");
}

/* The first sentence stands out, the rest is plain. */
function sayInTwo(place, text) {
  const end = /[.!?](?= [A-Z])/.exec(text)?.index ?? text.length;
  const first = document.createElement("b");
  first.textContent = text.slice(0, end + 1);
  place.replaceChildren(first, text.slice(end + 1));
}

/* A box that never gets lower, so that nothing below it jumps; in another width it begins anew. */
function growOnly(box) {
  let width = 0;
  new ResizeObserver(() => {
    if (box.clientWidth !== width) box.style.minHeight = "";
    width = box.clientWidth;
    if (box.offsetHeight) box.style.minHeight = `${box.offsetHeight}px`;
  }).observe(box);
}
