/* On a phone the control in hand stays in sight: when it has left the screen and a plot is there, a twin of it stands at
   the lower edge, below the first sentence. It goes when the reader turns to something else. */
const NARROW = matchMedia("(max-width: 700px), (max-height: 500px)");

class Dock {
  constructor(figure) {
    Object.assign(this, { figure, held: null });
    const controls = figure.root.querySelector(".live-controls");
    for (const kind of ["focusin", "pointerdown", "input"]) controls.addEventListener(kind, ({ target }) => this.hold(target));
    const near = ".live-controls, .live-panels, .live-dock";
    const stays = ({ target }) => figure.root.contains(target) && target.closest(near);
    for (const kind of ["focusin", "click"]) document.addEventListener(kind, (event) => this.held && !stays(event) && this.letGo());
    const follow = () => this.held && this.follow();
    addEventListener("scroll", follow, { passive: true, capture: true }); // a figure in full screen scrolls itself
    addEventListener("resize", follow);
  }

  /* Sliders, lists and switches have twins; bits and markers in plots have none. */
  hold(target) {
    const place = target.closest(".live-part") ?? target.closest("[data-control]");
    const input = place?.querySelector("input[type=range], select, input[type=checkbox]");
    if (!input || input === this.held) return;
    this.letGo();
    Object.assign(this, { held: input, place });
    this.follow();
  }

  letGo() {
    this.bar?.remove();
    Object.assign(this, { held: null, bar: null });
  }

  follow() {
    const box = this.place.getBoundingClientRect();
    const gone = box.bottom < 60 || box.top > innerHeight - 20; // the page's own bar may lie on its upper edge
    const seen = ({ top, bottom }) => bottom > 120 && top < innerHeight - 120;
    const plots = this.figure.panels.map(({ pictures }) => pictures[0].area.closest(".live-plot"));
    const needed = NARROW.matches && gone && box.height > 0
      && plots.some((plot) => seen(plot.getBoundingClientRect()));
    if (needed && !this.bar) this.show();
    else if (!needed && this.bar) {
      this.bar.remove();
      this.bar = null;
    }
  }

  show() {
    const part = (tag, more) => Object.assign(document.createElement(tag), more);
    const label = this.held.labels[0].cloneNode(true);
    label.removeAttribute("for");
    this.said = part("p", { className: "live-docked" });
    this.value = part("output", {});
    this.twin = this.held.cloneNode(true);
    this.twin.removeAttribute("id");
    this.twin.tabIndex = -1; // the keyboard has the control itself
    this.twin.setAttribute("aria-label", label.textContent);
    this.twin.addEventListener("input", () => {
      this.held[this.key] = this.twin[this.key];
      this.held.dispatchEvent(new Event("input", { bubbles: true }));
    });
    const row = part("div", { className: this.place.className });
    row.append(label, this.value, this.twin);
    this.bar = part("div", { className: "live-dock" });
    this.bar.append(this.said, row);
    this.figure.root.append(this.bar);
    this.copy();
  }

  get key() {
    return this.held.type === "checkbox" ? "checked" : "value";
  }

  copy() {
    if (!this.bar) return;
    this.said.textContent = this.figure.readout.querySelector("b").textContent;
    this.value.textContent = this.place.querySelector("output")?.textContent ?? "";
    if (this.twin[this.key] !== this.held[this.key]) this.twin[this.key] = this.held[this.key];
  }
}
