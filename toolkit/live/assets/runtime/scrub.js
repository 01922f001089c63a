/* Prose that drives: links to a state of a figure on their own page. A number in one that its control stands for is
   scrubbed by dragging or with arrow keys, a word goes through its options, and both say where the control stands until
   they are back at what was written. `&light=NAME` in a link names a mark that lights up, too, by its label, role or
   word. Without a script they are plain links. */
const DRAG_FROM = 4; // pixels before a press is a drag
const DRAG_ALL = 320; // pixels from one end of a control to the other
const DRAG_STEP = 14; // pixels for a step at most
const POWERS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const POWER = /(×?)10(⁻?)([⁰¹²³⁴⁵⁶⁷⁸⁹]+)/;
const NUMBER = /10⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+|[−-]?(?:\d{1,3}(?:[ \u00a0\u202f]\d{3})+|\d+)(?:\.\d+)?(?:e[−-]?\d+|×10⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)?(?:[ \u00a0\u202f]?%)?/g;

function numberOf(said) {
  const power = (_, times, sign, digits) => `${times ? "" : 1}e${sign && "-"}${[...digits].map((c) => POWERS.indexOf(c)).join("")}`;
  const plain = said.replaceAll("−", "-").replace(/[ \u00a0\u202f]/g, "").replace(POWER, power);
  return parseFloat(plain) / (said.endsWith("%") ? 100 : 1);
}

/* `count` steps of a control on from `value`, as its slider makes them. */
function stepped(spec, value, count) {
  if (spec.scale !== "log") return Number(clamp(value + count * spec.step, spec.low, spec.high).toPrecision(12));
  const position = (LOG_POSITIONS * Math.log(value / spec.low)) / Math.log(spec.high / spec.low) + count;
  return clamp(rounded(spec.low * (spec.high / spec.low) ** (position / LOG_POSITIONS)), spec.low, spec.high);
}

const stepsOf = (spec) => (spec.scale === "log" ? LOG_POSITIONS : (spec.high - spec.low) / spec.step);

const isNumber = ({ kind }) => kind === "slider" || kind === "integer";
const isWord = ({ kind }) => kind === "choice" || kind === "format";

/* Where a text says the written value of a control: [start, end], or nothing. */
function placeIn(text, spec, written) {
  if (isWord(spec)) return text.includes(written) ? [text.indexOf(written), text.indexOf(written) + written.length] : null;
  const found = isNumber(spec) && [...text.matchAll(NUMBER)].find(
    ([said]) => Math.abs(numberOf(said) - written) <= 1e-9 * Math.abs(written));
  return found ? [found.index, found.index + found[0].length] : null;
}

class ProseLink {
  constructor(link, figure, state, names) {
    Object.assign(this, { link, figure, state, names, isMoved: false });
    this.written = new Map(figure.spec.controls.filter(({ name }) => state.has(`${figure.name}.${name}`))
      .map((spec) => [spec, fromText(spec, state.get(`${figure.name}.${spec.name}`))]));
    link.classList.add("live-link");
    this.findSpot();
    link.addEventListener("click", (event) => this.click(event));
    for (const kind of ["pointerenter", "focus"]) link.addEventListener(kind, () => light(this));
    link.addEventListener("pointerleave", () => link === document.activeElement || dim(this));
    link.addEventListener("blur", () => dim(this));
    if (!this.spec) return;
    link.addEventListener("keydown", (event) => this.key(event));
    if (isNumber(this.spec)) this.makeSlider();
    else link.title = "Again, or with the arrow keys: the next one";
  }

  /* The first written value that the text says becomes an element of its own. */
  findSpot() {
    const walker = document.createTreeWalker(this.link, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.parentElement.closest(".math")) continue;
      for (const [spec, value] of this.written) {
        const place = placeIn(node.data, spec, value);
        if (!place) continue;
        const said = node.splitText(place[0]);
        said.splitText(place[1] - place[0]);
        this.spot = Object.assign(document.createElement("span"), { className: "live-said" });
        said.replaceWith(this.spot);
        this.spot.append(said);
        Object.assign(this, { spec, text: said.data, control: this.figure.inputs[spec.name] });
        this.back = Object.assign(document.createElement("span"), { className: "live-written", textContent: `↺\u202f${said.data}` });
        return;
      }
    }
  }

  makeSlider() {
    const { link, spec } = this;
    link.removeAttribute("href"); // what leads somewhere cannot be a slider
    link.classList.add("live-scrub");
    link.tabIndex = 0;
    link.title = `Drag; a click or Escape brings back ${this.text}`;
    const told = { role: "slider", "aria-label": `${link.textContent}, drag or use the arrow keys to change ${spec.label || spec.name}`,
      "aria-valuemin": spec.low, "aria-valuemax": spec.high };
    for (const [name, text] of Object.entries(told)) link.setAttribute(name, text);
    link.addEventListener("mousedown", (event) => {
      event.preventDefault(); // no text is selected
      link.focus({ preventScroll: true });
    });
    link.addEventListener("pointerdown", (event) => this.press(event));
    link.addEventListener("pointermove", (event) => this.drag(event));
    for (const kind of ["pointerup", "pointercancel"]) link.addEventListener(kind, () => this.release());
    this.show();
  }

  get isHidden() {
    return this.figure.hidden.has(this.spec?.name);
  }

  value(spec) {
    return this.written.has(spec) ? this.written.get(spec) : spec.value;
  }

  /* Whether the figure is in the link's state, but for `except`. */
  isThere(except) {
    const { spec: { controls }, hidden, inputs } = this.figure;
    return controls.every((spec) => spec === except || hidden.has(spec.name)
      || toText(inputs[spec.name].read()) === toText(this.value(spec)));
  }

  // ---- what the reader does -----------------------------------------------------------------------
  click(event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (this.wasDragged) return (this.wasDragged = false);
    const again = this.spec && isWord(this.spec) && plotInSight(this.figure.root) && this.isThere(this.spec)
      && (this.isMoved || this.isThere());
    if (again && !this.isHidden) this.turn(1);
    else this.follow();
  }

  /* The state as written, but for hidden controls. */
  follow() {
    this.settle();
    const text = new URLSearchParams(this.state);
    for (const { name } of this.written.keys()) if (this.figure.hidden.has(name)) text.delete(`${this.figure.name}.${name}`);
    if (!text.size) return;
    const hash = `#${text.toString().replaceAll("%2C", ",")}`;
    if (location.hash === new URL(hash, location.href).hash) applyAddress();
    else location.hash = hash;
  }

  press({ button, clientX, clientY, pointerId }) {
    this.wasDragged = false;
    if (button !== 0 || this.isHidden) return;
    this.pressed = { x: clientX, y: clientY, from: null };
    this.link.setPointerCapture(pointerId);
  }

  drag({ clientX, clientY }) {
    const { pressed } = this;
    if (!pressed) return;
    const [across, along] = [clientX - pressed.x, clientY - pressed.y];
    if (pressed.from === null && Math.abs(across) < Math.max(DRAG_FROM, Math.abs(along))) return;
    pressed.from ??= this.take();
    this.wasDragged = true;
    this.set(stepped(this.spec, pressed.from, Math.round(across * Math.max(stepsOf(this.spec) / DRAG_ALL, 1 / DRAG_STEP))));
  }

  release() {
    this.pressed = null;
    this.spot.style.minWidth = "";
  }

  key(event) {
    const count = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10, Home: -Infinity, End: Infinity }[event.key];
    if (event.ctrlKey || event.altKey || event.metaKey || this.isHidden) return;
    if (event.key === "Enter" && isNumber(this.spec)) this.follow();
    else if (event.key === "Escape" && this.isMoved) {
      this.restore();
      hidePeek();
    }
    else if (count === undefined) return;
    else if (isWord(this.spec)) {
      if (Math.abs(count) !== 1) return;
      this.turn(count);
    } else if (Number.isFinite(count)) this.set(stepped(this.spec, this.take(), count));
    else {
      this.take();
      this.set(count < 0 ? this.spec.low : this.spec.high);
    }
    event.preventDefault();
  }

  // ---- what follows -------------------------------------------------------------------------------
  /* The figure takes the link's state, but for this control; returns where that stands. */
  take() {
    if (!this.isThere(this.spec)) applyState(this.state.toString());
    this.link.focus({ preventScroll: true }); // a finger that drags leaves it where it was
    light(this);
    if (!plotInSight(this.figure.root)) peek ??= new Peek(this.figure, lit.lights, this.link);
    return this.isMoved ? this.control.read() : this.written.get(this.spec);
  }

  set(value) {
    this.isMoved = true;
    this.control.write(value);
    this.figure.moved(this.spec.name);
    rememberState();
    this.show();
  }

  turn(count) {
    const { options } = this.spec;
    this.set(options[(options.indexOf(this.take()) + count + options.length) % options.length]);
  }

  restore() {
    this.take();
    this.set(this.written.get(this.spec));
  }

  settle() {
    if (!this.isMoved) return;
    this.isMoved = false;
    this.show();
  }

  /* Says where the control stands, and beside it what was written. */
  show() {
    const written = this.written.get(this.spec);
    const value = this.isMoved && !this.isHidden ? this.control.read() : written;
    this.isMoved = value !== written;
    if (isNumber(this.spec)) {
      this.link.setAttribute("aria-valuenow", value);
      this.link.setAttribute("aria-valuetext", this.said(value));
    }
    this.link.classList.toggle("live-moved", this.isMoved);
    this.spot.style.minWidth = this.pressed ? `${this.spot.offsetWidth}px` : ""; // words behind it stand still
    if (this.isMoved) this.spot.after(this.back);
    else this.back.remove();
    const said = this.said(value);
    if (this.spot.textContent !== said) this.spot.textContent = said;
  }

  said(value) {
    if (value === this.written.get(this.spec)) return this.text;
    if (!isNumber(this.spec)) return value;
    const share = /\s?%$/.exec(this.text);
    return share ? formatNumber(100 * value) + share[0] : formatNumber(value);
  }
}

// ---- the page's links -----------------------------------------------------------------------------
const prose = [];
let lit = null; // the link that is spoken of, with its lights
let peek = null;

function light(spoken) {
  if (lit?.spoken === spoken) return;
  dim();
  const controls = [...spoken.written.keys()].map(({ name }) => name);
  lit = { spoken, lights: new Lights(spoken.figure, controls, spoken.names) };
}

/* The link in focus, if there is one, goes on speaking. */
function dim(spoken = lit?.spoken) {
  if (!lit || lit.spoken !== spoken) return;
  lit.lights.remove();
  lit = null;
  hidePeek();
  const focused = prose.find(({ link }) => link === document.activeElement);
  if (focused && focused !== spoken) light(focused);
}

function hidePeek() {
  peek?.remove();
  peek = null;
}

/* The corner is there as long as its link can be seen, and its figure cannot. */
function checkPeek() {
  if (!peek) return;
  const { top, bottom } = lit.spoken.link.getBoundingClientRect();
  if (bottom < 0 || top > innerHeight || plotInSight(lit.spoken.figure.root)) hidePeek();
}

/* After a figure was drawn. */
function followInProse(figure) {
  for (const each of prose) if (each.figure === figure && each.isMoved) each.show();
  if (lit?.spoken.figure !== figure) return;
  lit.lights.follow();
  peek?.follow();
}

/* Links with `hide=` are riddles, and stay what they are. */
function startProse() {
  for (const link of document.querySelectorAll('a[href^="#"]')) {
    const state = new URLSearchParams(link.getAttribute("href").slice(1));
    const names = state.getAll("light");
    state.delete("light");
    const [first] = state.keys();
    const figure = figures.get(first?.split(".")[0]);
    if (!figure || state.has("hide")) continue;
    link.setAttribute("href", `#${state.toString().replaceAll("%2C", ",")}`);
    prose.push(new ProseLink(link, figure, state, names));
  }
  addEventListener("scroll", checkPeek, { passive: true });
}

afterDrawing.push(followInProse);
afterStart.push(startProse);
