/* The figure as a picture for slides and papers, on white, and its numbers as a table. */
const INHERITED = ["fill", "fill-opacity", "stroke", "stroke-opacity", "stroke-width", "stroke-dasharray", "stroke-linecap",
  "stroke-linejoin", "font-family", "font-size", "font-weight", "font-style", "text-anchor", "paint-order"];

function save(name, blob) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/* A mixed colour as older viewers read it. */
const plainColour = (text) => text.replace(/color\(srgb ([\d.e-]+) ([\d.e-]+) ([\d.e-]+)(?: \/ ([\d.e-]+))?\)/g,
  (_, r, g, b, a = 1) => `rgba(${[r, g, b].map((c) => Math.round(255 * c)).join(", ")}, ${a})`);

/* Writes into the elements of a picture how they look, so that it needs no style sheet. */
function resolveStyles(picture) {
  const hidden = [...picture.querySelectorAll("*")].filter((element) => getComputedStyle(element).display === "none");
  for (const element of [...hidden, ...picture.querySelectorAll(".live-hover, .live-handle")]) element.remove();
  const looks = [picture, ...picture.querySelectorAll("*")].map((element) => {
    const [style, above] = [getComputedStyle(element), element === picture ? null : getComputedStyle(element.parentElement)];
    const said = INHERITED.filter((name) => style[name] !== above?.[name]).map((name) => [name, plainColour(style[name])]);
    return [element, style.opacity === "1" ? said : [...said, ["opacity", style.opacity]]];
  });
  for (const [element, said] of looks) {
    element.removeAttribute("class");
    element.removeAttribute("style");
    for (const [name, value] of said) element.style.setProperty(name, value);
  }
}

/* Plots below each other, the narrow ones two in a row, in the light palette. */
function pictureOf(figure) {
  const stage = figure.root.cloneNode(false);
  stage.removeAttribute("id");
  stage.className = "live-figure live-stage";
  for (const [name, colour] of Object.entries(palette)) stage.style.setProperty(`--live-${name}`, colour);
  figure.root.after(stage);
  let [x, y, right, bottom, body] = [0, 0, 0, 0, ""];
  for (const plot of figure.root.querySelectorAll(".live-plot")) {
    const place = plot.cloneNode(false);
    const picture = (plot.querySelector(".live-wide") ?? plot.querySelector(".live-narrow")).cloneNode(true);
    picture.style.display = "block"; // of the two of a plot, the page may show the other one
    stage.append(place);
    place.append(picture);
    resolveStyles(picture);
    const { width, height } = picture.viewBox.baseVal;
    if (x + width > 800) [x, y] = [0, bottom];
    for (const [name, value] of Object.entries({ x, y, width, height })) picture.setAttribute(name, value);
    x += width;
    [right, bottom] = [Math.max(right, x), Math.max(bottom, y + height)];
    body += new XMLSerializer().serializeToString(picture);
  }
  stage.remove();
  const said = `<title>${escaped(figure.root.querySelector("figcaption").textContent)}</title>`
    + `<desc>${escaped(figure.readout.textContent)}</desc>`;
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${right} ${bottom}" width="${right}" height="${bottom}">`;
  return { width: right, height: bottom, text: `${head}${said}<rect width="100%" height="100%" fill="#fff"/>${body}</svg>` };
}

async function pngOf(figure) {
  const { width, height, text } = pictureOf(figure);
  const image = new Image();
  image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(text);
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: 2 * width, height: 2 * height });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done));
}

/* Rows of all that is drawn, each with the controls in sight. */
function csvOf(figure) {
  const open = figure.spec.controls.filter(({ name }) => !figure.hidden.has(name));
  const state = open.map(({ name }) => toText(figure.inputs[name].read()));
  const rows = [[...open.map(({ name }) => name), "plot", "mark", "x", "y", "value"]];
  figure.panels.forEach(({ spec }, panel) => {
    spec.bindings.forEach((binding, i) => {
      if (figure.hidden.places(binding)) return;
      const [slots] = fillSlots([binding], figure.shown);
      const look = spec.marks[i];
      const name = look.name || slots.text || look.kind;
      for (const [x, y, value = ""] of pointsOf(slots, binding, figure.shown)) rows.push([...state, panel + 1, name, x, y, value]);
    });
  });
  const cell = (value) => (/[",\n]/.test(value) ? `"${String(value).replaceAll('"', '""')}"` : String(value));
  return rows.map((row) => row.map(cell).join(",") + "\r\n").join("");
}

function pointsOf(slots, binding, values) {
  if (binding.kind === "cells") {
    const { rows, columns, z, x, y } = slots;
    const [across, up] = [cellCentres(x, columns), cellCentres(y, rows)];
    return z.map((value, i) => [across[i % columns], up[Math.floor(i / columns)], value]);
  }
  if (binding.kind === "boxes") return slots.x.map((x, i) => [x, slots.y[i], slots.value?.[i] ?? ""]);
  if (binding.kind !== "series") return slots.x.map((x, i) => [x, slots.y[i]]);
  const given = givenValues(binding, values);
  return slots.x.map((x, i) => [x, given[i]]); // what stands on a rail too: NaN, inf and exact zeros
}

const saving = (kind, make) => ({
  label: `Save the ${kind}`,
  async run(figure) {
    const name = `${figure.name}.${/\((.*)\)/.exec(kind)[1].toLowerCase()}`;
    try {
      save(name, await make(figure));
      figure.tell(`Saved as ${name}${isFramed ? ", unless the page around this figure forbids it" : ""}.`);
    } catch (error) {
      figure.tell(`${name} could not be saved: ${error.message}`);
    }
  },
});
actions.svg = saving("picture (SVG)", (figure) => new Blob([pictureOf(figure).text], { type: "image/svg+xml" }));
actions.png = saving("picture (PNG)", pngOf);
actions.csv = saving("data (CSV)", (figure) => new Blob([csvOf(figure)], { type: "text/csv" }));
