/* One plot of a figure: an SVG for wide and one for narrow places. */
class Panel {
  constructor(root, spec, dragged) {
    this.spec = spec;
    this.pictures = Object.entries(spec.frames).map(([name, frame]) => {
      const picture = root.querySelector(`.live-${name}`);
      const hover = new Hover(picture, frame);
      const handles = spec.marks.map((look) => look.drag && new Handle(picture, frame, look.drag, dragged));
      return { frame, area: picture.querySelector(".live-marks"), hover, handles };
    });
  }

  /* Draws all marks but those that tell what is hidden. */
  show(values, hidden) {
    const { bindings, marks } = this.spec;
    const drawn = bindings.map((binding) => !hidden.places(binding));
    const looks = marks.filter((_, i) => drawn[i]);
    this.filled = fillSlots(bindings.filter((_, i) => drawn[i]), values);
    for (const { area, frame, hover, handles } of this.pictures) {
      area.innerHTML = marksSvg(looks, frame, this.filled);
      hover.follow(looks, this.filled);
      handles.forEach((handle, i) => handle?.follow(this.filled[looks.indexOf(marks[i])], hidden));
    }
  }
}

/* Names the point nearest to the pointer. */
class Hover {
  constructor(picture, frame) {
    this.frame = frame;
    this.area = picture.querySelector(".live-marks");
    this.label = document.createElementNS("http://www.w3.org/2000/svg", "g");
    this.label.setAttribute("class", "live-hover");
    picture.append(this.label);
    picture.addEventListener("pointermove", (event) => this.point(event));
    picture.addEventListener("pointerleave", () => this.label.replaceChildren());
  }

  follow(looks, filled) {
    Object.assign(this, { looks, filled });
    this.label.replaceChildren();
  }

  point(event) {
    if (!this.filled) return;
    const box = this.area.getScreenCTM();
    const [px, py] = [(event.clientX - box.e) / box.a, (event.clientY - box.f) / box.d];
    let best = { distance: 400 };
    this.looks.forEach((look, i) => {
      best = finders[look.kind]?.(look, this.frame, this.filled[i], px, py) ?? best;
      const { x, y, rail } = this.filled[i];
      if (!rail) return;
      x.forEach((value, k) => {
        if (y[k] === null) return;
        const [left, top] = [pixel(this.frame.x, value), pixel(this.frame.y, y[k])];
        const distance = look.kind === "bars" ? Math.abs(left - px) : Math.hypot(left - px, top - py);
        const place = typeof value === "string" ? value : formatNumber(value, "4g");
        if (distance < best.distance) best = { distance, left, top, text: `${look.name} ${place}: ${formatNumber(y[k], "4g")}` };
      });
    });
    if (!best.text) return this.label.replaceChildren();
    const [left, top] = [this.frame.left + best.left / 10, this.frame.top + best.top / 10];
    const atEnd = best.left > 6 * this.frame.width;
    this.label.innerHTML =
      `<circle cx="${left}" cy="${top}" r="5"/>` +
      textAt(left + (atEnd ? -9 : 9), Math.max(top - 9, 14), best.text.trim(), atEnd ? "end" : "start");
  }
}

/* Where a pointer takes hold of a marker: a disc around its first point. */
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
