/* Full screen, for a class: plots and letters grow with the screen. Where the browser refuses, the figure covers the page. */
const LETTERS = 14; // of a plot, in its own pixels
const READABLE = 0.021; // of a screen's height, from the last row of a room

class Presentation {
  constructor(figure, button) {
    const { root } = figure;
    Object.assign(this, { figure, button, root, others: othersOf(root) });
    this.fit = () => this.arrange();
    this.key = (event) => event.key === "Escape" && !event.defaultPrevented && this.leave();
    this.change = () => document.fullscreenElement !== root && this.leave();
    root.classList.add("live-present");
    document.documentElement.classList.add("live-presenting");
    for (const element of this.others) element.inert = true;
    addEventListener("resize", this.fit);
    document.addEventListener("keydown", this.key);
    document.addEventListener("fullscreenchange", this.change);
    root.requestFullscreen?.()?.catch(() => {}); // refused: it covers the page all the same
    button.textContent = "Leave full screen";
    this.arrange();
  }

  /* Controls beside the plots or below them, in as many columns as make the plots largest. */
  arrange() {
    const { root, figure } = this;
    const panels = root.querySelector(".live-panels");
    const boxes = figure.panels.map(({ pictures }) => pictures[0].area.ownerSVGElement.viewBox.baseVal);
    const height = Math.max(...boxes.map((box) => box.height));
    let best = { scale: 0 };
    const stacks = innerWidth < 500 && innerWidth < innerHeight; // a phone held upright scrolls, as the page does
    for (const place of stacks ? ["stacked"] : ["beside", "below"]) {
      root.dataset.controls = place;
      const { clientWidth, clientHeight } = panels;
      const wide = boxes.length === 1 && clientWidth > 1.5 * clientHeight;
      for (let columns = 1; columns <= boxes.length; columns += 1) {
        const rows = Math.ceil(boxes.length / columns);
        const scale = Math.min(clientWidth / columns / (wide ? 720 : 400), clientHeight / rows / height);
        if (scale > best.scale) best = { place, columns, rows, scale, wide };
      }
    }
    root.dataset.controls = best.place;
    root.toggleAttribute("data-wide", best.wide);
    const largest = innerHeight < 700 ? LETTERS : 1.3 * LETTERS; // on a small screen nobody sits far, and words would meet
    const letters = clamp((READABLE * innerHeight) / best.scale, LETTERS, largest);
    for (const [name, value] of Object.entries({ columns: best.columns, rows: best.rows, letters: `${letters}px` }))
      panels.style.setProperty(`--live-${name}`, value);
  }

  leave() {
    if (this.figure.presentation !== this) return;
    this.figure.presentation = null;
    removeEventListener("resize", this.fit);
    document.removeEventListener("keydown", this.key);
    document.removeEventListener("fullscreenchange", this.change);
    for (const element of this.others) element.inert = false;
    document.documentElement.classList.remove("live-presenting");
    this.root.classList.remove("live-present");
    this.button.textContent = actions.present.label;
    if (document.fullscreenElement) document.exitFullscreen();
    this.root.scrollIntoView({ block: "nearest" });
    this.button.focus();
  }
}

/* All that lies beside an element and its ancestors: the keyboard shall not go there. */
function othersOf(element) {
  const found = [];
  for (let e = element; e.parentElement && e !== document.body; e = e.parentElement)
    found.push(...[...e.parentElement.children].filter((other) => other !== e && !other.inert));
  return found;
}

actions.present = {
  label: "Full screen",
  shown: true,
  run(figure, button) {
    if (figure.presentation) figure.presentation.leave();
    else if (isFramed && !document.fullscreenEnabled) figure.tell("The page around this figure keeps it from filling the screen.");
    else figure.presentation = new Presentation(figure, button);
  },
};
