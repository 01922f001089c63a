/* Starts the figures of a page; pages with simulations load simulation.js before. */
async function inflated(text) {
  const deflated = new Blob([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))]);
  const bytes = deflated.stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(bytes).arrayBuffer());
}

async function start() {
  const block = document.getElementById("live-module");
  if (!block) return;
  const { wasm, manifest, ...style } = JSON.parse(block.textContent);
  symbols = style.symbols;
  const module = await Module.load(await inflated(wasm), manifest);
  const kinds = { figure: LiveFigure, simulation: window.liveSimulation?.({ LiveFigure, Module, formatNumber }) };
  for (const root of document.querySelectorAll(".live-figure")) {
    const spec = JSON.parse(root.querySelector(".live-spec").textContent);
    const figure = new kinds[spec.kind](root, spec, module);
    figures.set(figure.name, figure);
    figure.apply();
  }
  restoreState();
  addEventListener("hashchange", followAddress);
  document.documentElement.dataset.live = "ready";
  performance.mark("live-ready");
}

function sayWhyNot(error) {
  for (const readout of document.querySelectorAll(".live-readout"))
    readout.textContent += ` (The controls could not start in this browser: ${error.message})`;
  throw error;
}

window.liveFigures = { figures, formatNumber, evaluate, fillSlots, marksSvg };
const begin = () => start().catch(sayWhyNot);
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
else begin();
