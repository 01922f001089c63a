/* Live figures of a page: native inputs -> the figure's WebAssembly kernel -> SVG marks, without a server.
   One classic script, so that it also runs from file://. The markup comes from toolkit/live/html.py;
   `formatNumber`, `fillSlots` and `marksSvg` mirror numbers.py, slots.py and drawing.py beside it: a test
   compares what they return. Pages with simulations load simulation.js before it. */
(() => {
  "use strict";
  const LOG_POSITIONS = 200;
  const figures = new Map();

  // ---- numbers in words -------------------------------------------------------------------------
  const superscript = (n) => [...String(n)].map((c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c])).join("");

  function formatNumber(value, spec = "") {
    const [, count, kind] = /^(\d*)([gdf%r])$/.exec(spec || "4g");
    const digits = Number(count || (kind === "g" ? 4 : 0));
    if (Number.isNaN(value)) return "NaN";
    const sign = value < 0 || Object.is(value, -0) ? "−" : "";
    const size = Math.abs(value);
    if (size === Infinity) return sign + "inf";
    if (kind === "%") return `${sign}${(100 * size).toFixed(digits)}\u00a0%`;
    if (kind === "d" || kind === "f") return sign + size.toFixed(digits);
    if (size === 0) return sign + "0";
    const [mantissa, power] = (kind === "r" ? size.toExponential() : size.toExponential(digits - 1)).split("e");
    const text = mantissa.replace(".", "").replace(/0+$/, "");
    const exponent = Number(power);
    if (exponent >= -4 && exponent < (kind === "r" ? 17 : digits + 2)) {
      if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${text}`;
      const whole = text.slice(0, exponent + 1).padEnd(exponent + 1, "0");
      const fraction = text.slice(exponent + 1);
      return sign + whole + (fraction && "." + fraction);
    }
    return `${sign}${text[0]}${text.length > 1 ? "." + text.slice(1) : ""}×10${superscript(exponent)}`;
  }

  function sentence(readouts, values) {
    const set = (name) => name !== null && values[name][0] !== 0;
    const text = ([name, index, spec]) =>
      typeof values[name][index] === "string" ? values[name][index] : formatNumber(values[name][index], spec);
    return readouts
      .filter((r) => (r.when === null || set(r.when)) && (r.unless === null || !set(r.unless)))
      .map((r) => r.parts.map((part) => (Array.isArray(part) ? text(part) : part)).join(""))
      .join(" ");
  }

  // ---- slots ------------------------------------------------------------------------------------
  function special(value) {
    if (Number.isNaN(value)) return ["NaN", "x-thin-open", 0];
    if (value === 0) return ["exactly 0", "circle-open", 0];
    if (Number.isFinite(value)) return ["negative", "triangle-down-open", 0];
    return value > 0 ? ["+inf", "triangle-up-open", 1] : ["−inf", "triangle-down-open", 0];
  }

  const fillers = {
    series(b, values) {
      const count = b.length === null ? values[b.y].length : values[b.length][0];
      const all = Array.from(values[b.y]).slice(0, count);
      const places = b.x === null ? all.map((_, i) => i + 1) : Array.from(typeof b.x === "string" ? values[b.x] : b.x);
      const x = places.slice(0, count);
      const y = all.map((v) => (Number.isFinite(v) && (v > 0 || !b.positive) ? v : null));
      const rail = { x: [], y: [], text: [], symbol: [] };
      all.forEach((value, i) => {
        const zero = value === 0 && b.zeros;
        if (y[i] !== null && !zero) return;
        const [name, symbol, edge] = special(value);
        rail.text.push(rail.text.includes(name) ? "" : name);
        rail.x.push(x[i]);
        rail.y.push(zero && !b.positive ? 0 : b.rails[edge]);
        rail.symbol.push(symbol);
      });
      return { x, y, rail };
    },
    rule(b, values) {
      const at = [values[b.at][0], values[b.at][0]];
      const [x, y] = b.vertical ? [at, b.across] : [b.across, at];
      return { x, y, text: b.text };
    },
    band(b, values) {
      const [left, right] = [values[b.x0][0], values[b.x1][0]];
      if (!(left < right)) return { x: [], y: [], middle: 0, text: "" };
      return { x: [left, right], y: b.y, middle: b.log ? Math.sqrt(left * right) : (left + right) / 2, text: b.text };
    },
  };
  fillers.cells = (b, values) => {
    const [rows, columns] = [b.rows, b.columns].map((size) => (typeof size === "string" ? Math.trunc(values[size][0]) : size));
    const z = Array.from(values[b.z]).slice(0, rows * columns);
    return { rows, columns, z, x: b.x ?? [-0.5, columns - 0.5], y: b.y ?? [-0.5, rows - 0.5] };
  };
  const fillSlots = (bindings, values) => bindings.map((b) => fillers[b.kind](b, values));

  // ---- marks: SVG in tenths of a pixel -----------------------------------------------------------
  const FAR = 1e5;
  const CROWD = 130;
  const LETTER = 75;
  let symbols = {};
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
  const escaped = (text) => text.replace(/[&<>"']/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;" })[c]);

  function pixel(scale, value) {
    const coordinate = typeof value === "string" ? scale.words.indexOf(value) : value;
    const place = scale.offset + scale.slope * (scale.log ? Math.log10(coordinate) : coordinate);
    return Math.floor(10 * clamp(place, -FAR, FAR) + 0.5);
  }

  const symbolAt = (x, y, name) => `<path transform="translate(${x} ${y})" d="${symbols[name]}"/>`;
  const textAt = (x, y, text, anchor) => (text ? `<text x="${x}" y="${y}" text-anchor="${anchor}">${escaped(text)}</text>` : "");
  const group = (look, kind, body) => `<g class="live-${kind}" style="--live-ink:var(--live-${look.role})">${body}</g>`;
  const stroke = (look) => `stroke-width="${look.width}" stroke-dasharray="${look.dash}"`;

  function railMarks(look, frame, { rail }, places) {
    const last = {};
    let [body, words] = ["", 0];
    rail.x.forEach((x, i) => {
      const [left, top, symbol] = [places ? places.get(x) : pixel(frame.x, x), pixel(frame.y, rail.y[i]), rail.symbol[i]];
      if (Math.abs(left - (last[symbol] ?? left + CROWD)) < CROWD) return;
      last[symbol] = left;
      const row = 160 * (look.row + words);
      if (rail.text[i]) words += 1;
      const end = left + 50 + LETTER * rail.text[i].length > 10 * frame.width;
      body +=
        symbolAt(left, top, symbol) +
        textAt(left + (end ? 50 : -50), top + (top < 300 ? 190 + row : -110 - row), rail.text[i], end ? "end" : "start");
    });
    return body && group(look, "rail", body);
  }

  /* The side of an upright rule on which its word has room, else the usual one. */
  function ruleSide(x, room, upright, width) {
    const free = {
      start: x + room < width && !upright.some((other) => x < other && other < x + room),
      end: x - room > 0 && !upright.some((other) => x - room < other && other < x),
    };
    const [usual, other] = 10 * x > 7 * width ? ["end", "start"] : ["start", "end"];
    return free[other] && !free[usual] ? other : usual;
  }

  /* Where the word of a level rule ends: at the plot's edge, or before upright rules that would cross it. */
  function ruleEnd(room, upright, width) {
    return upright.reduceRight((end, other) => (end - room < other && other < end && other > room ? other : end), width);
  }

  const drawers = {
    line(look, frame, slots) {
      let [path, pen] = ["", "M"];
      slots.x.forEach((x, i) => {
        if (slots.y[i] !== null) path += `${pen}${pixel(frame.x, x)} ${pixel(frame.y, slots.y[i])}`;
        pen = slots.y[i] === null ? "M" : "L";
      });
      return group(look, "line", `<path d="${path}" ${stroke(look)}/>`) + railMarks(look, frame, slots);
    },
    markers(look, frame, slots) {
      const drawn = slots.x.map((x, i) => (slots.y[i] === null ? "" : symbolAt(pixel(frame.x, x), pixel(frame.y, slots.y[i]), look.symbol)));
      return group(look, "markers", drawn.join("")) + railMarks(look, frame, slots);
    },
    bars(look, frame, slots) {
      const centres = slots.x.map((x) => pixel(frame.x, x));
      const gap = centres.length > 1 ? centres[1] - centres[0] : 5 * frame.width;
      const width = (0.75 * gap) / look.count;
      const foot = frame.y.log ? 10 * frame.height : pixel(frame.y, 0);
      const places = new Map();
      const body = slots.x.map((x, i) => {
        const left = Math.floor(centres[i] + (look.order - look.count / 2) * width + 0.5);
        places.set(x, Math.floor(left + width / 2 + 0.5));
        if (slots.y[i] === null) return "";
        const top = pixel(frame.y, slots.y[i]);
        return `<rect x="${left}" y="${Math.min(top, foot)}" width="${Math.floor(width)}" height="${Math.abs(foot - top)}"/>`;
      });
      return group(look, look.hollow ? "hollow" : "bars", body.join("")) + railMarks(look, frame, slots, places);
    },
    rule(look, frame, slots) {
      const [x0, x1] = slots.x.map((x) => pixel(frame.x, x));
      const [y0, y1] = slots.y.map((y) => pixel(frame.y, y));
      const room = LETTER * slots.text.length + 90;
      const side = x0 === x1 ? ruleSide(x0, room, look.upright, 10 * frame.width) : "end";
      const text =
        x0 === x1
          ? textAt(x0 + (side === "end" ? -60 : 60), 130, slots.text, side)
          : textAt(ruleEnd(room, look.upright, 10 * frame.width) - 60, y1 - 60, slots.text, side);
      return group(look, "rule", `<path d="M${x0} ${y0}L${x1} ${y1}" ${stroke(look)}/>${text}`);
    },
    band(look, frame, slots) {
      if (!slots.x.length) return "";
      const [left, right] = slots.x.map((x) => clamp(pixel(frame.x, x), 0, 10 * frame.width));
      const height = 10 * frame.height;
      let hatch = "";
      for (let start = left - height; start < right; start += 120) {
        const [first, last] = [Math.max(start, left), Math.min(start + height, right)];
        if (first < last) hatch += `M${first} ${height - (first - start)}L${last} ${height - (last - start)}`;
      }
      return group(look, "band", `<path d="${hatch}"/>${textAt(pixel(frame.x, slots.middle), 340, slots.text, "middle")}`);
    },
  };

  // ---- cells of heat maps: one path for each level -------------------------------------------------
  const GRID_FROM = 36;

  function levelOf(look, value) {
    const count = look.levels.length;
    if (look.states) return Number.isInteger(value) && value >= 0 && value < count ? value : -1;
    if (!Number.isFinite(value)) return count - 1;
    const share = (value - look.low) / (look.high - look.low);
    return Math.floor(clamp(share * (count - 1), 0, count - 2));
  }

  function cellPath(mark, side, left, top, right, bottom) {
    if (mark === "full") return `M${left} ${top}h${right - left}v${bottom - top}h${left - right}z`;
    const [x, y, half] = [Math.floor((left + right) / 2), Math.floor((top + bottom) / 2), Math.floor((3 * side) / 10)];
    if (mark === "dot") return `M${x} ${y}h0`;
    if (mark === "hollow") return `M${x - half} ${y - half}h${2 * half}v${2 * half}h${-2 * half}z`;
    return `M${x - half} ${y - half}l${2 * half} ${2 * half}m0 ${-2 * half}l${-2 * half} ${2 * half}`;
  }

  function levelSvg(level, side, path) {
    const width = level.mark === "full" ? 0 : level.mark === "dot" ? Math.floor((4 * side) / 10) : Math.max(8, Math.floor(side / 8));
    const style = `--live-ink:var(--live-${level.role});--live-shade:${level.shade}%`;
    return `<path class="live-cell-${level.mark}" style="${style}" stroke-width="${width}" d="${path}"/>`;
  }

  drawers.cells = (look, frame, { rows, columns, z, ...ends }) => {
    const edges = (scale, [first, last], count) =>
      Array.from({ length: count + 1 }, (_, k) => pixel(scale, first + ((last - first) * k) / count));
    const [across, up] = [edges(frame.x, ends.x, columns), edges(frame.y, ends.y, rows)];
    const levels = z.map((value) => levelOf(look, value));
    const side = Math.min(across[1] - across[0], up[0] - up[1]);
    const paths = look.levels.map(() => "");
    for (let row = 0; row < rows; row += 1)
      for (let column = 0; column < columns; ) {
        const k = levels[row * columns + column] ?? -1;
        let last = column + 1;
        if (k >= 0) {
          const { mark } = look.levels[k];
          while (mark === "full" && last < columns && levels[row * columns + last] === k) last += 1;
          paths[k] += cellPath(mark, side, across[column], up[row + 1], across[last], up[row]);
        }
        column = last;
      }
    let body = look.levels.map((level, k) => paths[k] && levelSvg(level, side, paths[k])).join("");
    if (side >= GRID_FROM) {
      const lines = across.slice(1, -1).map((x) => `M${x} ${up[rows]}V${up[0]}`).join("");
      const more = up.slice(1, -1).map((y) => `M${across[0]} ${y}H${across[columns]}`).join("");
      body += `<path class="live-cell-grid" d="${lines}${more}"/>`;
    }
    return `<g class="live-cells">${body}</g>`;
  };

  /* The cell under a pointer, with its words. */
  function cellAt(look, frame, { rows, columns, z, ...ends }, px, py) {
    const index = (scale, [first, last], count, place) =>
      Math.floor((((place / 10 - scale.offset) / scale.slope - first) / (last - first)) * count);
    const [column, row] = [index(frame.x, ends.x, columns, px), index(frame.y, ends.y, rows, py)];
    const value = z[row * columns + column];
    if (column < 0 || column >= columns || row < 0 || row >= rows || value === undefined) return null;
    const centre = ([first, last], k, count) => first + ((last - first) * (k + 0.5)) / count;
    const [x, y] = [centre(ends.x, column, columns), centre(ends.y, row, rows)];
    const word = look.states ? look.levels[levelOf(look, value)]?.name ?? "" : formatNumber(value, "4g");
    const text = `${look.name} ${formatNumber(x, "4g")}, ${formatNumber(y, "4g")}: ${word}`;
    return { distance: 0, left: pixel(frame.x, x), top: pixel(frame.y, y), text };
  }

  function marksSvg(looks, frame, filled) {
    let [shapes, row] = ["", 0];
    const rules = filled.filter((slots, i) => looks[i].kind === "rule" && slots.x[0] === slots.x[1]);
    const upright = rules.map((slots) => pixel(frame.x, slots.x[0])).sort((a, b) => a - b);
    looks.forEach((look, i) => {
      shapes += drawers[look.kind]({ ...look, row, upright }, frame, filled[i]);
      if (filled[i].rail?.x.length) row += 1;
    });
    return shapes;
  }

  // ---- controls: each reads and writes its value as people see it -------------------------------
  const rounded = (value) => Number(value.toPrecision(3));

  function rangeInput(input, spec) {
    const log = spec.scale === "log";
    const output = input.nextElementSibling;
    let value = spec.value;
    const show = () => {
      output.textContent = formatNumber(value);
      input.setAttribute("aria-valuetext", output.textContent);
    };
    input.addEventListener("input", () => {
      const t = Number(input.value);
      value = log ? clamp(rounded(spec.low * (spec.high / spec.low) ** (t / LOG_POSITIONS)), spec.low, spec.high) : t;
      show();
    });
    return {
      read: () => value,
      write(next) {
        value = clamp(next, spec.low, spec.high);
        if (spec.kind === "integer") value = Math.round(value);
        input.value = log ? (LOG_POSITIONS * Math.log(value / spec.low)) / Math.log(spec.high / spec.low) : value;
        show();
      },
    };
  }

  function bitButton(button) {
    const write = (bit) => {
      button.setAttribute("aria-pressed", String(bit === 1));
      button.textContent = bit;
    };
    button.addEventListener("click", () => {
      write(1 - Number(button.textContent));
      button.dispatchEvent(new Event("input", { bubbles: true }));
    });
    return { read: () => Number(button.textContent), write };
  }

  const vectorOf = (parts) => ({ read: () => parts.map((p) => p.read()), write: (v) => parts.forEach((p, i) => p.write(v[i])) });

  const wire = {
    slider: (root, spec) => rangeInput(root.querySelector("input"), spec),
    integer: (root, spec) => rangeInput(root.querySelector("input"), spec),
    choice: (root) => ({ read: () => root.querySelector("select").value, write: (v) => (root.querySelector("select").value = v) }),
    toggle: (root) => ({ read: () => root.querySelector("input").checked, write: (v) => (root.querySelector("input").checked = v) }),
    logits: (root, spec) =>
      vectorOf([...root.querySelectorAll("input")].map((input, i) => rangeInput(input, { ...spec, value: spec.value[i] }))),
    bits: (root) => vectorOf([...root.querySelectorAll("button")].map(bitButton)),
  };
  wire.format = wire.choice;

  function kernelArgument(spec, value) {
    if (spec.kind === "choice") return spec.options.indexOf(value);
    if (spec.kind === "format") return spec.codes[spec.options.indexOf(value)];
    return Number(value);
  }

  // ---- state in the address: #figure.control=value&hide=figure.control -------------------------------
  const toText = (value) => (Array.isArray(value) ? value.join(",") : String(value));

  function fromText(spec, text) {
    if (spec.kind === "choice" || spec.kind === "format") return spec.options.includes(text) ? text : undefined;
    if (spec.kind === "toggle") return { true: true, false: false }[text];
    const numbers = text.split(",").map((part) => (part.trim() === "" ? NaN : Number(part)));
    if (!numbers.every(Number.isFinite)) return undefined;
    if (!Array.isArray(spec.value)) return numbers.length === 1 ? numbers[0] : undefined;
    if (numbers.length !== spec.value.length) return undefined;
    return spec.kind !== "bits" || numbers.every((n) => n === 0 || n === 1) ? numbers : undefined;
  }

  const addressState = () => new URLSearchParams(location.hash.slice(1));

  function stateParameters(chosen) {
    const parameters = new URLSearchParams();
    for (const figure of chosen)
      for (const spec of figure.spec.controls) {
        const text = toText(figure.inputs[spec.name].read());
        if (text !== toText(spec.value)) parameters.set(`${figure.name}.${spec.name}`, text);
      }
    const hidden = addressState().get("hide");
    if (hidden) parameters.set("hide", hidden);
    return parameters.toString().replaceAll("%2C", ",");
  }

  /* Figures that the address names take its state, from their defaults on; the others stay as they are. */
  function applyAddress() {
    const parameters = addressState();
    const hidden = (parameters.get("hide") || "").split(",");
    let first = null;
    for (const figure of figures.values()) {
      const named = figure.spec.controls.filter((spec) => parameters.has(`${figure.name}.${spec.name}`));
      for (const spec of figure.spec.controls) {
        const key = `${figure.name}.${spec.name}`;
        figure.root.querySelector(`[data-control="${spec.name}"]`).hidden = hidden.includes(key);
        if (!named.length) continue;
        const value = named.includes(spec) ? fromText(spec, parameters.get(key)) : undefined;
        figure.inputs[spec.name].write(value === undefined ? spec.value : value);
      }
      if (named.length) {
        first ??= figure;
        figure.apply();
      }
    }
    first?.root.scrollIntoView({ block: "start" });
  }

  let addressTimer = 0;
  function rememberState() {
    clearTimeout(addressTimer);
    addressTimer = setTimeout(() => {
      const text = stateParameters(figures.values());
      if (text || location.hash.includes(".")) history.replaceState(null, "", "#" + text);
    }, 250);
  }

  // ---- one plot of a figure: an SVG for wide and one for narrow places ----------------------------
  class Panel {
    constructor(root, spec, dragged) {
      this.spec = spec;
      this.pictures = Object.entries(spec.frames).map(([name, frame]) => {
        const picture = root.querySelector(`.live-${name}`);
        const hover = new Hover(picture, frame);
        const handles = spec.marks.map((look) => look.drag && new Handle(picture, frame, (place) => dragged(look.drag, place)));
        return { frame, area: picture.querySelector(".live-marks"), hover, handles };
      });
    }

    show(values) {
      this.filled = fillSlots(this.spec.bindings, values);
      for (const { area, frame, hover, handles } of this.pictures) {
        area.innerHTML = marksSvg(this.spec.marks, frame, this.filled);
        hover.follow(this.spec.marks, this.filled);
        handles.forEach((handle, i) => handle?.follow(this.filled[i]));
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
        if (look.kind === "cells") best = cellAt(look, this.frame, this.filled[i], px, py) ?? best;
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
    constructor(picture, frame, dragged) {
      this.frame = frame;
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
        dragged([data(frame.x, (event.clientX - box.e) / box.a), data(frame.y, (event.clientY - box.f) / box.d)]);
      });
    }

    follow({ x, y }) {
      this.disc.setAttribute("cx", this.frame.left + pixel(this.frame.x, x[0]) / 10);
      this.disc.setAttribute("cy", this.frame.top + pixel(this.frame.y, y[0]) / 10);
    }
  }

  // ---- one figure --------------------------------------------------------------------------------
  class LiveFigure {
    constructor(root, spec, module) {
      Object.assign(this, { root, spec });
      this.name = this.spec.name;
      this.panels = [...root.querySelectorAll(".live-plot")].map(
        (plot, i) => new Panel(plot, this.spec.panels[i], (names, place) => this.drag(names, place)));
      this.readout = root.querySelector(".live-readout");
      this.module = module;
      this.inputs = {};
      for (const spec of this.spec.controls) {
        this.inputs[spec.name] = wire[spec.kind](root.querySelector(`[data-control="${spec.name}"]`), spec);
        this.inputs[spec.name].write(spec.value); // a reloaded page may still show the inputs of before
      }
      root.querySelector(".live-controls").addEventListener("input", (event) => {
        this.moved(event.target.closest("[data-control]").dataset.control);
        rememberState();
      });
      root.querySelector('[data-action="reset"]').addEventListener("click", () => this.reset());
      root.querySelector('[data-action="copy"]').addEventListener("click", () => this.copyLink());
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
      } catch (error) {
        this.readout.textContent = `This figure stopped: ${error.message}`;
        return;
      }
      this.draw(values);
    }

    sentence(values) {
      return sentence(this.spec.readouts, values);
    }

    draw(values) {
      const text = this.sentence(values);
      if (this.readout.textContent !== text) this.readout.textContent = text;
      for (const panel of this.panels) panel.show(values);
    }

    /* Takes a state, control name -> value; those it leaves out get their defaults. */
    write(state) {
      for (const spec of this.spec.controls) this.inputs[spec.name].write(state[spec.name] ?? spec.value);
      rememberState();
    }

    reset() {
      this.write({});
      this.apply();
    }

    async copyLink() {
      const link = location.href.split("#")[0] + "#" + (stateParameters([this]) || `live-${this.name}`);
      const note = this.root.querySelector(".live-copied");
      try {
        await navigator.clipboard.writeText(link);
        note.textContent = "Link copied.";
      } catch {
        note.textContent = link; // without clipboard permission the reader can select it
      }
      setTimeout(() => (note.textContent = ""), 6000);
    }
  }

  // ---- the page's module, and start -----------------------------------------------------------
  /* The kernels and their memory. Workers get this class as text: it uses nothing outside itself. */
  class Module {
    static async load(bytes, manifest) {
      const { instance } = await WebAssembly.instantiate(bytes);
      return Object.assign(new Module(), {
        bytes, manifest, exports: instance.exports, end: instance.exports[manifest.heap_base].value,
      });
    }

    static types = { f64: Float64Array, f32: Float32Array, i32: Int32Array, u64: BigUint64Array };

    /* Memory for arrays, name -> [type, size]. */
    hold(arrays) {
      return Object.fromEntries(Object.entries(arrays).map(([name, [element, size]]) => {
        const address = (this.end + 63) & ~63;
        this.end = address + size * Module.types[element].BYTES_PER_ELEMENT;
        const missing = this.end - this.exports.memory.buffer.byteLength;
        if (missing > 0) this.exports.memory.grow(Math.ceil(missing / 65536));
        return [name, { element, address, size }];
      }));
    }

    view({ element, address, size }) {
      return new Module.types[element](this.exports.memory.buffer, address, size);
    }

    /* Calls a kernel: parameters found in `slots` are arrays, all get their value from `passed` if it has one. */
    call(name, parameters, slots, passed) {
      const flat = parameters.flatMap((p) => {
        if (!(p in slots)) return [passed[p]];
        if (p in passed) this.view(slots[p]).set(passed[p]);
        return [slots[p].address, slots[p].size];
      });
      const status = this.exports[name](...flat);
      if (status) throw new Error(`${name}: ${this.manifest.errors[status] || "status " + status}`);
    }
  }

  async function inflated(text) {
    const deflated = new Blob([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))]);
    const bytes = deflated.stream().pipeThrough(new DecompressionStream("deflate"));
    return new Uint8Array(await new Response(bytes).arrayBuffer());
  }

  async function start() {
    const block = document.getElementById("live-module");
    if (!block) return;
    const { wasm, manifest, ...style } = JSON.parse(block.textContent);
    symbols = style.symbols;
    const module = await Module.load(await inflated(wasm), manifest);
    const kinds = { figure: LiveFigure, simulation: window.liveSimulation?.({ LiveFigure, Module, formatNumber }) };
    for (const root of document.querySelectorAll(".live-figure")) {
      const spec = JSON.parse(root.querySelector(".live-spec").textContent);
      const figure = new kinds[spec.kind](root, spec, module);
      figures.set(figure.name, figure);
      figure.apply();
    }
    applyAddress();
    addEventListener("hashchange", applyAddress);
    document.documentElement.dataset.live = "ready";
    performance.mark("live-ready");
  }

  function sayWhyNot(error) {
    for (const readout of document.querySelectorAll(".live-readout"))
      readout.textContent += ` (The controls could not start in this browser: ${error.message})`;
    throw error;
  }

  window.liveFigures = { figures, formatNumber, fillSlots, marksSvg };
  const begin = () => start().catch(sayWhyNot);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
