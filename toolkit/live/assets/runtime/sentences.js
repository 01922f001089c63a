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
