/* One figure: native inputs -> its WebAssembly kernel -> SVG marks. */
class LiveFigure {
  constructor(root, spec, module) {
    Object.assign(this, { root, spec });
    this.name = this.spec.name;
    this.panels = [...root.querySelectorAll(".live-plot")].map(
      (plot, i) => new Panel(plot, this.spec.panels[i], (names, place) => this.drag(names, place)));
    this.tables = new DataTables(root, this.panels);
    this.readout = root.querySelector(".live-readout");
    growOnly(this.readout);
    this.hasAddress = root.id === `live-${this.name}`;
    this.tell = addActions(this, root.querySelector(".live-actions"));
    this.module = module;
    this.inputs = {};
    for (const spec of this.spec.controls) {
      this.inputs[spec.name] = wire[spec.kind](root.querySelector(`[data-control="${spec.name}"]`), spec);
      this.inputs[spec.name].write(spec.value); // a reloaded page may still show the inputs of before
    }
    this.hide(spec.hide ?? []);
    root.querySelector(".live-controls").addEventListener("input", (event) => {
      this.moved(event.target.closest("[data-control]").dataset.control);
      rememberState();
    });
    this.dock = new Dock(this);
    for (const fieldset of root.querySelectorAll("fieldset")) fieldset.disabled = false;
  }

  /* Arrays of the kernels: outputs, work and vectors of the controls, by name. */
  get arrays() {
    const vectors = this.spec.controls.filter((spec) => Array.isArray(spec.value));
    return { ...this.spec.outputs, ...this.spec.work, ...Object.fromEntries(vectors.map((spec) => [spec.name, ["f64", spec.value.length]])) };
  }

  /* Controls as slots and sentences read them, and as kernels receive them. */
  readControls() {
    const [values, passed] = [{}, {}];
    for (const spec of this.spec.controls) {
      const value = this.inputs[spec.name].read();
      values[spec.name] = Array.isArray(value) ? value : [typeof value === "boolean" ? Number(value) : value];
      passed[spec.name] = Array.isArray(value) ? value : kernelArgument(spec, value);
    }
    return { values, passed };
  }

  /* Runs the kernel; returns controls and outputs by name, each as a sequence. */
  compute() {
    const { module } = this;
    const { values, passed } = this.readControls();
    this.slots ??= module.hold(this.arrays);
    for (const name of Object.keys({ ...this.spec.outputs, ...this.spec.work }))
      module.view(this.slots[name]).fill(this.slots[name].element === "u64" ? 0n : 0);
    module.call(this.name, this.spec.entries[this.name], this.slots, passed);
    for (const name of Object.keys(this.spec.outputs)) values[name] = module.view(this.slots[name]).slice();
    return values;
  }

  moved() {
    this.schedule();
  }

  /* A marker was dragged: two sliders take its place, each on its own steps. */
  drag(names, place) {
    names.forEach((name, i) => {
      const { low, step } = this.spec.controls.find((spec) => spec.name === name);
      this.inputs[name].write(Number((low + step * Math.round((place[i] - low) / step)).toPrecision(12)));
      this.moved(name);
    });
    rememberState();
  }

  /* After inputs were written: by the address, by Reset, at the start. */
  apply() {
    this.update();
  }

  schedule() {
    this.pending ??= requestAnimationFrame(() => { this.pending = null; this.update(); });
  }

  update() {
    let values;
    try {
      values = this.compute();
      for (const [text, tree] of Object.entries(this.spec.derived ?? {})) values[text] = [evaluate(tree, values)];
    } catch (error) {
      this.say(`This figure stopped: ${error.message}`);
      return;
    }
    this.draw(values);
  }

  say(text) {
    if (this.readout.textContent !== text) sayInTwo(this.readout.firstElementChild, text);
  }

  sentence(values) {
    return sentence(this.spec.readouts, values, this.hidden);
  }

  /* Takes these controls out of sight, and all that tells them: presets set them, or say their values by their names. */
  hide(names) {
    if (this.pin) actions.pin.run(this); // its sentence may tell what is hidden now
    this.hidden = new Hidden(this.spec, names);
    for (const { name } of this.spec.controls)
      this.root.querySelector(`[data-control="${name}"]`).hidden = this.hidden.has(name);
    this.root.querySelector(".live-presets")?.toggleAttribute("hidden", names.length > 0);
  }

  draw(values) {
    this.shown = values;
    this.say(this.sentence(values));
    for (const panel of this.panels) panel.show(values, this.hidden);
    this.pin?.compare();
    this.dock.copy();
    this.tables.follow();
    for (const follow of afterDrawing) follow(this);
  }

  /* Takes a state, control name -> value; those it leaves out get their defaults, and hidden ones stay. */
  write(state) {
    for (const spec of this.spec.controls)
      if (!this.hidden.has(spec.name)) this.inputs[spec.name].write(state[spec.name] ?? spec.value);
    rememberState();
  }

  reset() {
    this.write({});
    this.apply();
  }
}

actions.copy = {
  label: "Copy link to this state",
  page: true,
  async run(figure) {
    const link = location.href.split("#")[0] + "#" + (stateParameters([figure]) || `live-${figure.name}`);
    try {
      await navigator.clipboard.writeText(link);
      figure.tell("Link copied.");
    } catch {
      figure.tell(link); // without clipboard permission the reader can select it
    }
  },
};
