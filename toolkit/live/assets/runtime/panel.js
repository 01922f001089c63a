/* One plot of a figure: an SVG for wide and one for narrow places. */
const CURSOR_KEYS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown", "Escape"];

class Panel {
  constructor(root, spec, dragged) {
    this.spec = spec;
    this.pictures = Object.entries(spec.frames).map(([name, frame]) => {
      const picture = root.querySelector(`.live-${name}`);
      const cursor = new Cursor(picture, frame);
      const handles = spec.marks.map((look) => look.drag && new Handle(picture, frame, look.drag, dragged));
      return { frame, area: picture.querySelector(".live-marks"), cursor, handles };
    });
    this.takeKeys(root);
    document.addEventListener("pointerdown", ({ target }) => {
      if (!root.closest(".live-figure").contains(target)) for (const { cursor } of this.pictures) cursor.pin(null);
    });
  }

  /* A plot in focus is read by arrow keys, and says what it finds. */
  takeKeys(root) {
    root.tabIndex = 0;
    root.setAttribute("role", "application");
    root.setAttribute("aria-roledescription", "plot");
    root.setAttribute("aria-label", `${root.getAttribute("aria-label")} Arrow keys read its values.`);
    const said = document.createElement("p");
    said.className = "live-hidden";
    said.setAttribute("aria-live", "polite");
    root.append(said);
    root.addEventListener("keydown", (event) => {
      if (!CURSOR_KEYS.includes(event.key) || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      const { cursor } = this.pictures.find(({ area }) => area.getClientRects().length) ?? this.pictures[0];
      said.textContent = cursor.press(event.key);
    });
  }

  /* Draws all marks but those that tell what is hidden. */
  show(values, hidden) {
    const { bindings, marks } = this.spec;
    const drawn = bindings.map((binding) => !hidden.places(binding));
    const looks = marks.filter((_, i) => drawn[i]);
    const bound = bindings.filter((_, i) => drawn[i]);
    this.filled = fillSlots(bound, values);
    this.shown = looks.map((look, i) => ({ look, slots: this.filled[i], given: givenValues(bound[i], values) }));
    for (const { area, frame, cursor, handles } of this.pictures) {
      const labels = new Labels(frame);
      area.innerHTML = marksSvg(looks, frame, this.filled, labels);
      cursor.follow(this.shown, labels);
      handles.forEach((handle, i) => handle?.follow(this.filled[looks.indexOf(marks[i])], hidden));
    }
  }
}

/* Where a pointer takes hold of a mark: a disc around its first point, of boxes the middle of the first. */
class Handle {
  constructor(picture, frame, names, dragged) {
    Object.assign(this, { frame, names });
    this.disc = document.createElementNS("http://www.w3.org/2000/svg", "circle");
    this.disc.setAttribute("class", "live-handle");
    this.disc.setAttribute("r", "22");
    picture.append(this.disc);
    const area = picture.querySelector(".live-marks");
    const data = (scale, place) => (place / 10 - scale.offset) / scale.slope;
    this.disc.addEventListener("pointerdown", (event) => {
      this.disc.setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    this.disc.addEventListener("pointermove", (event) => {
      if (!this.disc.hasPointerCapture(event.pointerId)) return;
      const box = area.getScreenCTM();
      dragged(names, [data(frame.x, (event.clientX - box.e) / box.a), data(frame.y, (event.clientY - box.f) / box.d)]);
    });
  }

  follow(slots, hidden) {
    const held = slots !== undefined && !this.names.some((name) => hidden.has(name));
    this.disc.style.display = held ? "" : "none";
    if (!held) return;
    this.disc.setAttribute("cx", this.frame.left + pixel(this.frame.x, slots.x[0]) / 10);
    this.disc.setAttribute("cy", this.frame.top + pixel(this.frame.y, slots.y[0]) / 10);
  }
}
