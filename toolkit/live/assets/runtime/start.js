/* Starts the figures of a page; pages with simulations load simulation.js before. */
async function inflated(text) {
  const deflated = new Blob([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))]);
  const bytes = deflated.stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(bytes).arrayBuffer());
}

/* Resolves when the browser has had its turn; a timer would take a second in a page that is not in sight. */
const turn = () => new Promise((done) => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = done;
  port2.postMessage(null);
});

function isInSight(place) {
  const { top, bottom } = place.getBoundingClientRect();
  return top < innerHeight && bottom > 0;
}

/* Starts the figures within `root` with a module; returns them. Those in sight are first, and can be used while the
   others start. */
async function startFigures(root, { wasm, bytes, manifest, ...style }) {
  symbols = style.symbols;
  const module = await Module.load(bytes ?? await inflated(wasm), manifest);
  const kinds = { figure: LiveFigure, simulation: window.liveSimulation?.({ LiveFigure, Module, formatNumber, commit }) };
  const start = (place) => {
    const markup = place.outerHTML; // before anything is drawn: a file is made of it
    const spec = JSON.parse(place.querySelector(".live-spec").textContent);
    const figure = new kinds[spec.kind](place, spec, module);
    figure.apply();
    return Object.assign(figure, { markup });
  };
  const places = [...root.querySelectorAll(".live-figure")].filter(isAsked);
  const [seen, others] = [[], []];
  for (const place of places) (isInSight(place) ? seen : others).push(place);
  const started = new Map();
  for (const place of [...seen, ...others]) {
    if (started.size >= seen.length) await turn();
    started.set(place, start(place));
    if (started.size === Math.max(seen.length, 1)) performance.mark("live-first");
  }
  return places.map((place) => started.get(place));
}

async function start() {
  standAlone();
  const block = document.getElementById("live-module");
  const module = window.liveModule ?? (block && JSON.parse(block.textContent)); // a file has unpacked its own
  if (!module) return;
  for (const figure of await startFigures(document, module)) figures.set(figure.name, figure);
  for (const begin of afterStart) begin();
  beginState();
  followHistory();
  document.documentElement.dataset.live = "ready";
  performance.mark("live-ready");
  for (const go of atLast) go();
}

function sayWhyNot(error) {
  for (const go of atLast) go();
  for (const readout of document.querySelectorAll(".live-readout"))
    readout.textContent += ` (The controls could not start in this browser: ${error.message})`;
  throw error;
}

const stateOf = (figure) => stateParameters([figure]);
window.liveFigures = { figures, start: startFigures, runtime, stateOf, formatNumber, evaluate, fillSlots, marksSvg };
const begin = () => start().catch(sayWhyNot);
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
else begin();
