/* Reads values off a plot: under a pointer, where it was tapped, and by arrow keys. What was tapped or found by keys is
   pinned: it stays, and says its new value when a control moves, until Escape or a tap elsewhere. */
const AROUND = [80, 160, 320].flatMap((far) =>
  [[far, -far, "start"], [-far, -far, "end"], [far, far + 100, "start"], [-far, far + 100, "end"]]);

class Cursor {
  constructor(picture, frame) {
    Object.assign(this, { picture, frame, pinned: null });
    this.area = picture.querySelector(".live-marks");
    this.label = document.createElementNS("http://www.w3.org/2000/svg", "g");
    this.label.setAttribute("class", "live-hover");
    picture.append(this.label);
    picture.addEventListener("pointermove", (event) => this.show(this.nearest(event) ?? this.pinned));
    picture.addEventListener("pointerleave", () => this.show(this.pinned));
    picture.addEventListener("click", (event) => this.pin(this.nearest(event)));
  }

  /* What the plot shows now; `labels` knows what lies where. */
  follow(shown, labels) {
    Object.assign(this, { shown, labels, lines: null });
    this.show(this.pinned);
  }

  /* Points that can be read, line by line; a heat map has a line for each row. */
  read() {
    this.lines ??= this.shown.flatMap(({ look, slots, given }) => readers[look.kind]?.(look, this.frame, slots, given) ?? []);
    return this.lines;
  }

  at(place) {
    return place && this.shown ? this.read()[place[0]]?.[place[1]] : undefined;
  }

  nearest(event) {
    if (!this.shown) return null;
    const box = this.area.getScreenCTM();
    const [px, py] = [(event.clientX - box.e) / box.a, (event.clientY - box.f) / box.d];
    let [best, least] = [null, 400];
    this.read().forEach((line, i) => line.forEach(({ left, top, reach: [across, up] }, k) => {
      const distance = Math.hypot(Math.max(Math.abs(left - px) - across, 0), Math.max(Math.abs(top - py) - up, 0));
      if (distance < least) [best, least] = [[i, k], distance];
    }));
    return best;
  }

  pin(place) {
    this.pinned = place;
    this.show(place);
  }

  show(place) {
    const point = this.at(place);
    if (!point) return this.label.replaceChildren();
    const [text, top] = [point.text(), clamp(point.top, 0, 10 * this.frame.height)];
    const places = AROUND.map(([across, down, anchor]) => [point.left + across, top + down, anchor]);
    const [x, y, anchor] = this.labels.best(text, places);
    const [across, down] = [(at) => this.frame.left + at / 10, (at) => this.frame.top + at / 10];
    this.label.innerHTML = `<circle cx="${across(point.left)}" cy="${down(top)}" r="5"/>` + textAt(across(x), down(y), text, anchor);
  }

  /* An arrow or another key: along a line, or to the next one above or below; returns what is to be said. */
  press(key) {
    const lines = this.shown ? this.read() : [];
    if (key === "Escape") this.pin(null);
    if (key === "Escape" || !lines.some((line) => line.length)) return "";
    const [i, k] = this.at(this.pinned) ? this.pinned : [lines.findIndex((line) => line.length), -1];
    const last = lines[i].length - 1;
    const steps = { ArrowRight: k + 1, ArrowLeft: k - 1, PageDown: k + 10, PageUp: k - 10, Home: 0, End: last };
    if (k < 0 || key in steps) this.pin([i, clamp(steps[key] ?? 0, 0, last)]);
    else this.pin(this.beside(lines, key === "ArrowUp" ? -1 : 1));
    return this.at(this.pinned).text();
  }

  /* The place on the next line above or below, where it is nearest. */
  beside(lines, way) {
    const { left } = this.at(this.pinned);
    const near = lines.flatMap((line, i) => {
      if (!line.length) return [];
      if (i === this.pinned[0]) return [this.pinned];
      return [[i, line.reduce((best, point, k) => (Math.abs(point.left - left) < Math.abs(line[best].left - left) ? k : best), 0)]];
    });
    near.sort((a, b) => this.at(a).top - this.at(b).top || a[0] - b[0]);
    return near[clamp(near.indexOf(this.pinned) + way, 0, near.length - 1)];
  }
}
