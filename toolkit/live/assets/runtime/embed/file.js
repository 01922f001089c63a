/* One HTML file of a figure as it stands, made of what the page holds; hosts/file.py makes the same in Python. */
const live = window.liveFigures;
const jsonOf = (value) => JSON.stringify(value);
const bytesOf = (text) => new Blob([text]).size;

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
  place.querySelector("noscript").innerHTML = FILE.still;
  place.insertAdjacentHTML("beforeend", `<p class="live-made">${FILE.made}</p>`);
  place.querySelector(".live-made").prepend(`${pageTitle()}. `);
  return place;
}

/* What stands in the file until its script runs: words, and narrow pictures, which fit every width, as far as there is
   room for them. */
function stillOf(place, room) {
  const still = place.cloneNode(true);
  still.querySelectorAll(".live-wide").forEach((picture) => picture.remove());
  for (const plot of still.querySelectorAll(".live-plot")) {
    const size = bytesOf(plot.outerHTML);
    if (size > room) plot.remove();
    else room -= size;
  }
  still.classList.add("live-still");
  still.replaceChildren(...still.querySelectorAll(".live-readout, .live-panels, figcaption, noscript, .live-made"));
  return still.outerHTML;
}

const pageTitle = () => document.title.split(" — ")[0];
const textOfHtml = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/* Of the page's scripts what the figure needs, as `file_scripts` in runtime.py. */
function scriptsOf({ spec }) {
  const kinds = spec.panels.flatMap(({ marks }) => marks.map(({ kind }) => kind));
  const drawn = kinds.flatMap((kind) => FILE.marks[kind] ?? []);
  const leftOut = [...FILE.pageParts, ...Object.values(FILE.marks).flat()].filter((name) => !drawn.includes(name));
  const [head, ...parts] = String(live.runtime).split(/^(?=\/\* \S+ \*\/$)/m);
  const kept = parts.filter((part) => !leftOut.includes(part.split(" ")[1]));
  const plays = spec.kind === "simulation" ? `"use strict";window.liveSimulation=${window.liveSimulation};\n` : "";
  return `${plays}(${head}${kept.join("")})();\n`;
}

/* The figure's own kernels, and what else its module has but its bytes. */
async function moduleOf(figure) {
  const { wasm, manifest, ...rest } = JSON.parse(document.getElementById("live-module").textContent);
  const names = Object.keys(figure.spec.entries);
  const kernels = Object.fromEntries(names.map((name) => [name, manifest.kernels[name]]));
  return [await onlyKernels(figure.module.bytes, names), { manifest: { ...manifest, kernels }, ...rest }];
}

async function fileOf(figure) {
  const place = markupOf(figure);
  const [bytes, module] = await moduleOf(figure);
  const bare = place.cloneNode(true);
  bare.querySelectorAll(".live-marks").forEach((marks) => marks.replaceChildren());
  const held = { styles: FILE.styles, figure: bare.outerHTML, scripts: scriptsOf(figure), module };
  const parts = { title: textOfHtml(`${pageTitle()}: ${figure.name}`), packed: await packed([jsonOf(held), "\n", bytes]) };
  const filled = (still) => FILE.page.replace(/\[\[(\w+)\]\]/g, (_, name) => ({ still, ...parts })[name]);
  return filled(stillOf(place, Math.min(FILE.room, FILE.most - bytesOf(filled(stillOf(place, 0))))));
}
