/* What an address names and nobody knows, or does not allow: one line each, at its figure or at the top of the page. */
const rangeOf = ({ low, high }) => `${formatNumber(low, "r")} to ${formatNumber(high, "r")}`;

function allowedBy(spec) {
  if (spec.options) return spec.options.join(", ");
  if (spec.kind === "toggle") return "true, false";
  if (spec.kind === "bits") return `${spec.value.length} bits, each 0 or 1`;
  if (spec.kind === "logits") return `${spec.value.length} numbers from ${rangeOf(spec)}`;
  return `${spec.kind === "integer" ? "whole numbers " : ""}${rangeOf(spec)}`;
}

/* Whether a control takes a number as it is. */
const takes = (spec, number) =>
  number >= spec.low && number <= spec.high && (spec.kind !== "integer" || Number.isInteger(number));

function complaint(figure, name, given) {
  const known = figure.spec.controls.filter((spec) => !figure.hidden.has(spec.name)).map((spec) => spec.name);
  const spec = figure.spec.controls.find((each) => each.name === name);
  if (!spec) return `${figure.name} has no control “${name}”; allowed: ${known.join(", ")}`;
  if (given === undefined) return null;
  const value = fromText(spec, given);
  const numbers = spec.low === undefined ? [] : [value].flat();
  if (value !== undefined && numbers.every((number) => takes(spec, number))) return null;
  const said = given.startsWith("~") ? "an unknown value" : `“${given}”`;
  return `${figure.name}.${name} is ${said}; allowed: ${allowedBy(spec)}`;
}

function forgetUnknown() {
  for (const line of document.querySelectorAll(".live-unknown")) line.remove();
}

/* Says all that is wrong with an address; returns the line at the top, if there is one. */
function tellUnknown(text) {
  forgetUnknown();
  const parameters = new URLSearchParams(text);
  const hide = (parameters.get("hide") || "").split(",").filter(Boolean).map((key) => [key, undefined]);
  const told = new Map();
  for (const [key, given] of [...parameters, ...hide]) {
    if (key === "hide") continue;
    const [, name, control] = /^([^.]*)\.?(.*)$/s.exec(key);
    const figure = figures.get(name);
    const names = [...figures.keys()];
    const line = figure ? complaint(figure, control, given)
      : `no figure of this page is named “${name}”; allowed: ${names.join(", ")}`;
    if (line) told.set(figure, (told.get(figure) ?? new Set()).add(line));
  }
  let top = null;
  for (const [figure, lines] of told) {
    const place = Object.assign(document.createElement("p"), { className: "live-unknown" });
    place.setAttribute("role", "alert");
    place.textContent = `In this link: ${[...lines].join(". ")}.`;
    if (figure) figure.root.prepend(place);
    else ([...figures.values()][0].root.closest("article, main") ?? document.body).prepend((top = place));
  }
  return top;
}
