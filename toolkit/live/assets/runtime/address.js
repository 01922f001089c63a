/* State in the address: #figure.control=value&hide=figure.control. */
const figures = new Map();

const toText = (value) => (Array.isArray(value) ? value.join(",") : String(value));

function fromText(spec, text) {
  if (spec.kind === "choice" || spec.kind === "format") return spec.options.includes(text) ? text : undefined;
  if (spec.kind === "toggle") return { true: true, false: false }[text];
  const numbers = text.split(",").map((part) => (part.trim() === "" ? NaN : Number(part)));
  if (!numbers.every(Number.isFinite)) return undefined;
  if (!Array.isArray(spec.value)) return numbers.length === 1 ? numbers[0] : undefined;
  if (numbers.length !== spec.value.length) return undefined;
  return spec.kind !== "bits" || numbers.every((n) => n === 0 || n === 1) ? numbers : undefined;
}

const addressState = () => new URLSearchParams(location.hash.slice(1));

function stateParameters(chosen) {
  const parameters = new URLSearchParams();
  for (const figure of chosen)
    for (const spec of figure.spec.controls) {
      const text = toText(figure.inputs[spec.name].read());
      if (text !== toText(spec.value)) parameters.set(`${figure.name}.${spec.name}`, text);
    }
  const hidden = addressState().get("hide");
  if (hidden) parameters.set("hide", hidden);
  return parameters.toString().replaceAll("%2C", ",");
}

/* Figures that the address names take its state, from their defaults on; the others stay as they are. */
function applyAddress() {
  const parameters = addressState();
  const hidden = (parameters.get("hide") || "").split(",");
  let first = null;
  for (const figure of figures.values()) {
    const named = figure.spec.controls.filter((spec) => parameters.has(`${figure.name}.${spec.name}`));
    for (const spec of figure.spec.controls) {
      const key = `${figure.name}.${spec.name}`;
      figure.root.querySelector(`[data-control="${spec.name}"]`).hidden = hidden.includes(key);
      if (!named.length) continue;
      const value = named.includes(spec) ? fromText(spec, parameters.get(key)) : undefined;
      figure.inputs[spec.name].write(value === undefined ? spec.value : value);
    }
    if (named.length) {
      first ??= figure;
      figure.apply();
    }
  }
  first?.root.scrollIntoView({ block: "start" });
}

let addressTimer = 0;
function rememberState() {
  clearTimeout(addressTimer);
  addressTimer = setTimeout(() => {
    const text = stateParameters(figures.values());
    if (text || location.hash.includes(".")) history.replaceState(null, "", "#" + text);
  }, 250);
}
