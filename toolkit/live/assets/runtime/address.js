/* State in the address: #figure.control=value&hide=figure.control. Values of hidden controls are in disguise. Each entry
   of the history keeps the state of all figures, also beside an address that names a heading or a single figure. */
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

/* Every figure as it was: what an entry of the history says of it, else its defaults. */
function restoreState(text) {
  forgetUnknown();
  const parameters = new URLSearchParams(text);
  const hide = (parameters.get("hide") || "").split(",");
  for (const figure of figures.values()) {
    const before = stateParameters([figure]);
    const key = (spec) => `${figure.name}.${spec.name}`;
    for (const spec of figure.spec.controls) {
      const value = parameters.has(key(spec)) ? fromText(spec, parameters.get(key(spec))) : undefined;
      figure.inputs[spec.name].write(value ?? spec.value);
    }
    figure.hide(figure.spec.controls.filter((spec) => hide.includes(key(spec))).map((spec) => spec.name));
    if (stateParameters([figure]) !== before) figure.apply();
  }
}

function applyAddress() {
  const text = location.hash.slice(1);
  const first = applyState(text);
  const told = tellUnknown(text);
  bringIntoSight(first?.root ?? told);
  if ([...figures.values()].some((figure) => figure.hidden.controls.size)) writeState(); // in disguise
  else keepState();
}

const stateAtFirst = history.state?.live; // Sphinx's own script empties it as soon as the page is parsed

/* When the page is loaded: what the history has kept of it, or its address. */
function beginState() {
  if (stateAtFirst !== undefined) {
    restoreState(stateAtFirst);
    keepState();
  } else if (saysState()) applyAddress();
  else keepState();
}

/* A link was followed, or an address typed: its entry in the history is new, and holds no state yet. */
function followAddress() {
  if (history.state?.live !== undefined) return;
  if (saysState()) applyAddress();
  else keepState();
}

/* A frame without an address of its own may refuse. */
function keep(address, method = "replaceState") {
  try {
    history[method]({ live: stateParameters(figures.values()) }, "", address);
  } catch {
    return;
  }
}

const keepState = () => keep(location.href);

function writeState(method) {
  const text = stateParameters(figures.values());
  keep(text || saysState() ? "#" + text : location.href, method);
}

let addressTimer = 0;
function rememberState() {
  clearTimeout(addressTimer);
  if (!figures.size) return; // in a notebook's output
  addressTimer = setTimeout(rememberNow, 250);
}

/* Whatever was moved before belongs to the present entry, whose state Sphinx's own script may have emptied again. */
function rememberNow() {
  if (addressTimer) writeState();
  else if (figures.size && history.state?.live === undefined) keepState();
  clearTimeout(addressTimer);
  addressTimer = 0;
}

/* A change that Back undoes: an entry of its own in the history. */
function commit(change) {
  rememberNow();
  const before = stateParameters(figures.values());
  change();
  clearTimeout(addressTimer);
  addressTimer = 0;
  if (figures.size && stateParameters(figures.values()) !== before) writeState("pushState");
}

function followHistory() {
  addEventListener("popstate", ({ state }) => {
    clearTimeout(addressTimer);
    addressTimer = 0;
    if (state?.live !== undefined) restoreState(state.live);
  });
  addEventListener("hashchange", followAddress);
  document.addEventListener("click", rememberNow, true); // before a link leads on
}
