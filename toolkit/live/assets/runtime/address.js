/* State in the address: #figure.control=value&hide=figure.control. Values of hidden controls are in disguise, and an
   address that names a heading keeps the state in the history's entry. */
const figures = new Map();

const toText = (value) => (Array.isArray(value) ? value.join(",") : String(value));

function disguised(text) {
  const bytes = String.fromCharCode(...new TextEncoder().encode(text));
  return "~" + btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function undisguised(text) {
  if (!text.startsWith("~")) return text;
  try {
    const bytes = atob(text.slice(1).replaceAll("-", "+").replaceAll("_", "/"));
    return new TextDecoder().decode(Uint8Array.from(bytes, (c) => c.charCodeAt(0)));
  } catch {
    return "";
  }
}

function fromText(spec, given) {
  const text = undisguised(given);
  if (spec.kind === "choice" || spec.kind === "format") return spec.options.includes(text) ? text : undefined;
  if (spec.kind === "toggle") return { true: true, false: false }[text];
  const numbers = text.split(",").map((part) => (part.trim() === "" ? NaN : Number(part)));
  if (!numbers.every(Number.isFinite)) return undefined;
  if (!Array.isArray(spec.value)) return numbers.length === 1 ? numbers[0] : undefined;
  if (numbers.length !== spec.value.length) return undefined;
  return spec.kind !== "bits" || numbers.every((n) => n === 0 || n === 1) ? numbers : undefined;
}

const saysState = () => location.hash.includes("=");

function stateParameters(chosen) {
  const [parameters, hide] = [new URLSearchParams(), []];
  for (const figure of chosen)
    for (const spec of figure.spec.controls) {
      const [key, text] = [`${figure.name}.${spec.name}`, toText(figure.inputs[spec.name].read())];
      if (figure.hidden.has(spec.name)) {
        parameters.set(key, disguised(text)); // at its default too: what is missing would tell
        hide.push(key);
      } else if (text !== toText(spec.value)) parameters.set(key, text);
    }
  if (hide.length) parameters.set("hide", hide.join(","));
  return parameters.toString().replaceAll("%2C", ",").replaceAll("%7E", "~");
}

/* Figures that the address names take its state, from their defaults on; the others stay as they are. What is hidden
   stays hidden, and where it stands, unless the address names it. */
function applyState(text) {
  const parameters = new URLSearchParams(text);
  const hide = (parameters.get("hide") || "").split(",");
  let first = null;
  for (const figure of figures.values()) {
    const { controls } = figure.spec;
    const key = (spec) => `${figure.name}.${spec.name}`;
    const named = controls.filter((spec) => parameters.has(key(spec)));
    const hiding = controls.filter((spec) => hide.includes(key(spec)));
    if (!named.length && !hiding.length) continue;
    const stays = (spec) => figure.hidden.has(spec.name) && !named.includes(spec);
    if (named.length) first ??= figure;
    for (const spec of named.length ? controls : []) {
      if (stays(spec)) continue;
      const value = named.includes(spec) ? fromText(spec, parameters.get(key(spec))) : undefined;
      figure.inputs[spec.name].write(value === undefined ? spec.value : value);
    }
    figure.hide(controls.filter((spec) => stays(spec) || hiding.includes(spec)).map((spec) => spec.name));
    if (named.length) figure.apply();
    else figure.update();
  }
  return first;
}

function applyAddress() {
  bringIntoSight(applyState(location.hash.slice(1))?.root);
  if ([...figures.values()].some((figure) => figure.hidden.controls.size)) writeState(); // in disguise
}

/* When the page is loaded: its address, or what the history kept beside the name of a heading. */
function restoreState() {
  if (saysState()) applyAddress();
  else if (history.state?.live) applyState(history.state.live);
}

function followAddress() {
  if (saysState()) applyAddress();
  else keepState();
}

function keepState() {
  const live = stateParameters(figures.values());
  if (live || history.state?.live) history.replaceState(live ? { live } : null, "", location.href);
}

function writeState() {
  const text = stateParameters(figures.values());
  if (text || saysState()) history.replaceState(null, "", "#" + text);
  else keepState();
}

let addressTimer = 0;
function rememberState() {
  clearTimeout(addressTimer);
  if (!figures.size) return; // in a notebook's output
  addressTimer = setTimeout(writeState, 250);
}
