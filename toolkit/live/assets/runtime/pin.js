/* A pinned state stays as a ghost: thin grey marks behind the present ones, and its sentence below the present one. */
class Pin {
  constructor(figure) {
    Object.assign(this, { figure, values: figure.shown, said: figure.sentence(figure.shown) });
    this.state = Object.fromEntries(this.open().map(({ name }) => [name, figure.inputs[name].read()]));
    this.line = Object.assign(document.createElement("p"), { className: "live-pinned" });
    figure.readout.after(this.line);
    growOnly(this.line);
    this.ghosts = figure.panels.flatMap((panel) => this.ghostsOf(panel));
    this.compare();
  }

  open() {
    return this.figure.spec.controls.filter(({ name }) => !this.figure.hidden.has(name));
  }

  ghostsOf({ spec, pictures }) {
    const drawn = spec.bindings.map((binding) => binding.kind !== "cells" && !this.figure.hidden.places(binding));
    const looks = spec.marks.filter((_, i) => drawn[i]);
    const filled = fillSlots(spec.bindings.filter((_, i) => drawn[i]), this.values);
    return pictures.map(({ area, frame }) => {
      const ghost = area.cloneNode(false);
      ghost.setAttribute("class", "live-ghost");
      ghost.innerHTML = marksSvg(looks, frame, filled);
      area.before(ghost);
      return ghost;
    });
  }

  /* Says by which controls the pinned state differs from the present one. */
  compare() {
    const differs = this.open().filter(({ name }) => toText(this.figure.inputs[name].read()) !== toText(this.state[name]));
    const values = differs.map((spec) => `${spec.label || spec.name} ${controlInWords(spec, this.state[spec.name])}`);
    const text = `Pinned${values.length ? `, with ${values.join(", ")}` : ""}: ${this.said}`;
    if (this.line.textContent !== text) this.line.textContent = text;
  }

  remove() {
    for (const part of [this.line, ...this.ghosts]) part.remove();
  }
}

function controlInWords({ kind }, value) {
  if (kind === "toggle") return value ? "on" : "off";
  if (kind === "bits") return value.join("");
  return Array.isArray(value) ? value.map((number) => formatNumber(number)).join(", ")
    : typeof value === "number" ? formatNumber(value) : value;
}

actions.pin = {
  label: "Pin to compare",
  run(figure) {
    const pins = !figure.pin;
    figure.pin?.remove();
    figure.pin = pins ? new Pin(figure) : null;
    figure.root.querySelector('[data-action="pin"]').textContent = pins ? "Unpin" : actions.pin.label;
  },
};
