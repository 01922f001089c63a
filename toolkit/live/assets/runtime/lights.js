/* What the prose speaks of lights up in its figure: controls get an outline, and marks that stand where those controls
   say, or that the link names, a glow. A figure out of sight shows the plot in a corner while it is driven. */
const svgElement = (tag, attributes) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, text] of Object.entries(attributes)) element.setAttribute(name, text);
  return element;
};

class Lights {
  constructor(figure, controls, names) {
    Object.assign(this, { figure, names });
    this.controls = controls.filter((name) => !figure.hidden.has(name));
    const { controls: specs, derived } = figure.spec;
    this.speaks = new Hidden({ controls: specs, derived }, this.controls);
    this.places = this.controls.map((name) => figure.root.querySelector(`[data-control="${name}"]`));
    for (const place of this.places) place.classList.add("live-lit");
    this.glows = figure.panels.flatMap((panel) => panel.pictures.map((picture) => this.glow(panel, picture)));
    this.follow();
  }

  glow(panel, { area, frame }) {
    const place = Object.fromEntries(["x", "y", "width", "height", "viewBox"].map((name) => [name, area.getAttribute(name)]));
    const glow = svgElement("svg", { class: "live-lights", ...place });
    area.before(glow);
    return { panel, frame, glow };
  }

  /* The marks of a panel that shine: looks and slots. */
  shining({ spec, filled }) {
    const { hidden } = this.figure;
    const drawn = spec.bindings.map((binding, i) => [binding, spec.marks[i]]).filter(([binding]) => !hidden.places(binding));
    const shines = drawn.map(([binding, look]) =>
      this.speaks.places(binding) || [look.name, look.role, binding.text].some((name) => name && this.names.includes(name)));
    return [drawn.map(([, look]) => look), filled ?? []].map((list) => list.filter((_, i) => shines[i]));
  }

  follow() {
    for (const { panel, frame, glow } of this.glows) {
      const [looks, slots] = this.shining(panel);
      glow.innerHTML = slots.length ? marksSvg(looks, frame, slots) : "";
    }
  }

  remove() {
    for (const place of this.places) place.classList.remove("live-lit");
    for (const { glow } of this.glows) glow.remove();
  }
}

/* The sentence and a plot, one where a control places a mark if there is one, at the edge of the screen that is far from
   `link`. */
class Peek {
  constructor(figure, lights, link) {
    this.figure = figure;
    const { panels } = figure;
    const panel = panels.find(({ spec }) => spec.bindings.some((binding) => lights.speaks.places(binding)))
      ?? panels.find((each) => lights.shining(each)[1].length) ?? panels[0];
    this.plot = panel.pictures[0].area.closest(".live-plot");
    this.box = document.createElement("div");
    this.box.className = "live-peek";
    this.box.setAttribute("aria-hidden", "true"); // the figure's own sentence is read out
    const { top, bottom } = link.getBoundingClientRect();
    this.box.classList.toggle("live-peek-above", top + bottom > innerHeight);
    document.body.append(this.box);
    this.follow();
  }

  follow() {
    const said = document.createElement("p");
    said.textContent = this.figure.readout.textContent;
    const plot = document.createElement("div");
    plot.className = "live-plot";
    const pictures = [...this.plot.querySelectorAll(":scope > svg")];
    plot.append(pictures.find((svg) => svg.classList.contains("live-narrow")).cloneNode(true));
    this.box.replaceChildren(said, plot);
  }

  remove() {
    this.box.remove();
  }
}
