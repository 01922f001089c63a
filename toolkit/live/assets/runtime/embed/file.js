/* One HTML file of a figure as it stands, made of what the page holds; hosts/file.py makes the same in Python. */
const live = window.liveFigures;
const jsonOf = (value) => JSON.stringify(value);

async function deflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  const found = new Uint8Array(await new Response(stream).arrayBuffer());
  let text = "";
  for (let at = 0; at < found.length; at += 0x8000) text += String.fromCharCode(...found.subarray(at, at + 0x8000));
  return btoa(text);
}

/* What JSON lacks as texts that Number reads. */
const plainNumber = (value) => (Number.isFinite(value) && !Object.is(value, -0) ? value : Object.is(value, -0) ? "-0" : String(value));

/* The figure's markup as the page had it at first, in the state of now. */
function markupOf(figure) {
  const place = new DOMParser().parseFromString(figure.markup, "text/html").querySelector(".live-figure");
  const block = place.querySelector(".live-spec");
  const spec = JSON.parse(block.textContent);
  for (const control of spec.controls) control.value = figure.inputs[control.name].read();
  spec.hide = [...figure.hidden.controls.keys()];
  if (spec.poster) {
    spec.poster = Object.fromEntries(Object.keys(spec.poster).map((name) => [name, Array.from(figure.values[name], plainNumber)]));
    const [steps] = figure.values.steps;
    place.querySelector(".live-steps").textContent = steps ? `${figure.inWords(steps)}, run when this figure was made` : "";
  }
  block.textContent = jsonOf(spec).replaceAll("</", "<\\/");
  place.querySelector(".live-readout").innerHTML = figure.readout.innerHTML;
  const drawn = figure.root.querySelectorAll(".live-marks");
  place.querySelectorAll(".live-marks").forEach((marks, i) => (marks.innerHTML = drawn[i].innerHTML));
  place.querySelector("noscript").innerHTML = FILE.picture;
  place.insertAdjacentHTML("beforeend", `<p class="live-made">${FILE.made}</p>`);
  place.querySelector(".live-made").prepend(`${pageTitle()}. `);
  return place;
}

/* A script without its indents and the comments that have lines of their own. */
const compact = (script) => script.replace(/^\s*(\/\/.*|\/\*[^]*?\*\/)\n/gm, "").replace(/^\s+/gm, "");

/* What stands in the file until its script runs: words, and narrow pictures, which fit every width, as far as they
   fit. */
function stillOf(place) {
  const still = place.cloneNode(true);
  still.querySelectorAll(".live-wide").forEach((picture) => picture.remove());
  let { room } = FILE;
  for (const plot of still.querySelectorAll(".live-plot")) {
    const marks = plot.querySelector(".live-marks").innerHTML.length;
    if (marks > room) plot.remove();
    else room -= marks;
  }
  still.classList.add("live-still");
  still.replaceChildren(...still.querySelectorAll(".live-readout, .live-panels, figcaption, noscript, .live-made"));
  return still.outerHTML;
}

const pageTitle = () => document.title.split(" — ")[0];
const textOfHtml = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

async function moduleOf(figure) {
  const { wasm, manifest, ...rest } = JSON.parse(document.getElementById("live-module").textContent);
  const names = Object.keys(figure.spec.entries);
  const bytes = await onlyKernels(figure.module.bytes, names);
  const kernels = Object.fromEntries(names.map((name) => [name, manifest.kernels[name]]));
  return { wasm: await deflated(bytes), manifest: { ...manifest, kernels }, ...rest };
}

async function fileOf(figure) {
  const place = markupOf(figure);
  const still = stillOf(place);
  place.querySelectorAll(".live-marks").forEach((marks) => marks.replaceChildren());
  const module = `<script type="application/json" id="live-module">${jsonOf(await moduleOf(figure))}</script>`;
  const plays = figure.spec.kind === "simulation" ? `window.liveSimulation = ${window.liveSimulation};\n` : "";
  const held = { styles: FILE.styles, figure: place.outerHTML, scripts: compact(`${plays}(${live.runtime})();`) };
  const packed = await deflated(new TextEncoder().encode(jsonOf(held)));
  const parts = { title: textOfHtml(`${pageTitle()}: ${figure.name}`), still, module, packed };
  return FILE.page.replace(/\[\[(\w+)\]\]/g, (_, name) => parts[name]);
}
