/* Exercises of a page: judges numbers, words and choices by the rules of toolkit/course/exercises, and keeps the answers
   on this device. A page holds no answer in clear text: each sentence is sealed for whoever gives its answer, by
   toolkit/course/exercises/_seal.py. One classic script, so that it also runs from file://. */
"use strict";
const exercises = (() => {
  // crypto.subtle is missing on pages from a folder and over plain http.
  const primes = [];
  for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p)) primes.push(n);
  const fraction = (x) => ((x % 1) * 2 ** 32) | 0;
  const ROUND = Int32Array.from(primes, (p) => fraction(Math.cbrt(p)));
  const START = Int32Array.from(primes.slice(0, 8), (p) => fraction(Math.sqrt(p)));
  const words = new Int32Array(64);
  const turn = (x, n) => (x >>> n) | (x << (32 - n));

  function sha256(bytes) {
    const padded = new Uint8Array((bytes.length + 72) & ~63), view = new DataView(padded.buffer);
    padded.set(bytes);
    padded[bytes.length] = 0x80;
    view.setUint32(padded.length - 4, bytes.length * 8);
    const state = START.slice();
    for (let at = 0; at < padded.length; at += 64) {
      for (let i = 0; i < 16; i++) words[i] = view.getInt32(at + 4 * i);
      for (let i = 16; i < 64; i++) {
        const x = words[i - 15], y = words[i - 2];
        words[i] = words[i - 16] + (turn(x, 7) ^ turn(x, 18) ^ (x >>> 3)) + words[i - 7] + (turn(y, 17) ^ turn(y, 19) ^ (y >>> 10));
      }
      let [a, b, c, d, e, f, g, h] = state;
      for (let i = 0; i < 64; i++) {
        const first = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + ROUND[i] + words[i]) | 0;
        const second = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        h = g; g = f; f = e; e = (d + first) | 0; d = c; c = b; b = a; a = (first + second) | 0;
      }
      [a, b, c, d, e, f, g, h].forEach((x, i) => { state[i] += x; });
    }
    const out = new DataView(new ArrayBuffer(32));
    state.forEach((x, i) => out.setInt32(4 * i, x));
    return new Uint8Array(out.buffer);
  }

  function keyOf({ name, rounds }, said) {
    let key = sha256(new TextEncoder().encode(`${name}\n${said}`));
    for (let i = 0; i < rounds; i++) key = sha256(key);
    return key;
  }

  /* The sealed text, or null where the key does not fit. */
  function opened(sealed, key, place) {
    const bytes = Uint8Array.from(atob(sealed), (letter) => letter.charCodeAt(0));
    const block = (n) => sha256(Uint8Array.of(...key, place, n));
    const mark = block(0);
    if (bytes.subarray(0, 6).some((byte, i) => byte !== mark[i])) return null;
    const data = bytes.subarray(6);
    let stream = null;
    const text = data.map((byte, i) => {
      if (i % 32 === 0) stream = block(1 + i / 32);
      return byte ^ stream[i % 32];
    });
    return new TextDecoder().decode(text);
  }

  /* A number as people write it: 1.5e-9, 16 777 216, 2^-24, 1/3, 8 ln 2; NaN where it is none. */
  const FUNCTIONS = { sqrt: Math.sqrt, "√": Math.sqrt, exp: Math.exp, ln: Math.log, log: Math.log, log2: Math.log2, log10: Math.log10 };
  const CONSTANTS = { pi: Math.PI, "π": Math.PI, e: Math.E, inf: Infinity, "∞": Infinity };
  const TOKEN = /(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|log2|log10|[a-z]+|\S/g;

  function numberOf(text) {
    const tidy = text.toLowerCase().replace(/[−–]/g, "-").replace(/\*\*/g, "^").replace(/[×·⋅]/g, "*").replace(/\b(?:np|math)\./g, "")
      .replace(/(\d)[\s_](?=\d{3}(?!\d))/g, "$1").replace(/^([^.,]*\d),(\d[^.,]*)$/, "$1.$2");
    const tokens = tidy.match(TOKEN) ?? [];
    const next = (...allowed) => (allowed.includes(tokens[0]) ? tokens.shift() : null);
    const atom = () => {
      const token = tokens.shift() ?? "";
      if (token === "(") {
        const inside = sum();
        return next(")") ? inside : NaN;
      }
      if (Object.hasOwn(FUNCTIONS, token)) return FUNCTIONS[token](atom());
      return Object.hasOwn(CONSTANTS, token) ? CONSTANTS[token] : /^[\d.]/.test(token) ? Number(token) : NaN;
    };
    const signed = () => (next("-") ? -signed() : next("+") ? signed() : power());
    const power = () => {
      const base = atom();
      return next("^") ? base ** signed() : base;
    };
    const product = () => {
      let value = signed();
      for (;;) {
        if (next("*")) value *= signed();
        else if (next("/")) value /= signed();
        else if (/^[(a-z√π]/.test(tokens[0] ?? "")) value *= power();
        else return value;
      }
    };
    const sum = () => {
      let value = product();
      for (let sign = next("+", "-"); sign; sign = next("+", "-")) value += sign === "-" ? -product() : product();
      return value;
    };
    const value = sum();
    return tokens.length ? NaN : value;
  }

  /* Thousands and a decimal comma look alike: nobody can say which 2,352 is. */
  const isAmbiguous = (text) => /^[^\d]*[1-9]\d{0,2},\d{3}$/.test(text);

  const wordOf = (text) => text.trim().replace(/^(["'])(.*)\1$/, "$2").trim().toLowerCase();

  function setOf(text) {
    const parts = text.replace(/[[\](){}]/g, " ").split(/[\s,;]+/).filter(Boolean).map(Number);
    return parts.every(Number.isInteger) ? [...new Set(parts)].sort((a, b) => a - b).join() : null;
  }

  /* What a float64 begins with: sign, exponent and some bits of the fraction. */
  function placeOf(number, bits) {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, number + 0);
    return view.getUint32(0) >>> (20 - bits);
  }

  /* What a sum comes to, for those who typed one. */
  function readAs(data, text) {
    const number = data.kind === "number" || data.kind === "whole" ? numberOf(text) : NaN;
    return Number.isFinite(number) && Number.isNaN(Number(text)) ? `${text.trim()} = ${Number(number.toPrecision(6))}. ` : "";
  }

  /* `passed` and `message` for an answer as it was typed; `data` is that of `_form.page_data`. */
  function verdict(data, text) {
    const numeric = data.kind === "number" || data.kind === "whole";
    const number = numeric ? numberOf(text) : NaN;
    const said = numeric ? (Number.isNaN(number) ? null : placeOf(number, data.bits)) : data.kind === "set" ? setOf(text) : wordOf(text);
    const typed = data.kind === "word" ? `'${wordOf(text)}'` : text.trim();
    const unfit = { passed: false, message: `expected ${data.expected}, got ${typed}` };
    if (numeric && isAmbiguous(text.trim())) return { passed: false, message: `is ${typed} a fraction or in thousands? Write it with a point, or without the comma` };
    if (said === null) return unfit;
    const key = keyOf(data, said);
    for (const [place, sealed] of data.cases.entries()) {
      const [passed, message, value, rtol] = JSON.parse(opened(sealed, key, place) ?? "[]");
      if (message !== undefined && (!numeric || Math.abs(number - value) <= rtol * Math.abs(value))) return { passed: passed === 1, message };
    }
    const fits = data.kind !== "whole" || Number.isInteger(number);
    return fits && (!data.among.length || data.among.includes(said)) ? { passed: false, message: data.otherwise } : unfit;
  }

  return { numberOf, readAs, verdict };
})();

if (typeof document !== "undefined") (() => {
  const forms = [...document.querySelectorAll("form.exercise")];
  const answered = new Map();
  // Where storage is refused, answers last as long as the page.
  const placeOf = (name) => `exercise ${location.pathname} ${name}`;
  const kept = (name) => {
    try { return JSON.parse(localStorage.getItem(placeOf(name))); } catch { return null; }
  };
  const keep = (name, state) => {
    if (state) answered.set(name, state);
    else answered.delete(name);
    try {
      if (state) localStorage.setItem(placeOf(name), JSON.stringify(state));
      else localStorage.removeItem(placeOf(name));
    } catch { /* refused */ }
  };

  const progress = document.createElement("div"), told = document.createElement("p"), clear = document.createElement("button");
  progress.className = "exercise-progress";
  told.setAttribute("role", "status");
  Object.assign(clear, { type: "button", textContent: "Clear my answers on this page" });
  progress.append(told, clear);
  const count = () => {
    const right = [...answered.values()].filter(({ passed }) => passed).length;
    const lab = document.querySelectorAll(".exercise-lab").length;
    told.textContent = `${answered.size} of ${forms.length} answered${answered.size ? `, ${right} right` : ""}.${lab ? ` ${lab} more in JupyterLab.` : ""}`;
  };

  const shown = forms.map((form) => {
    const data = JSON.parse(form.querySelector(".exercise-data").textContent), line = form.querySelector(".exercise-verdict");
    const show = (state) => {
      if (state) form.dataset.passed = state.passed;
      else delete form.dataset.passed;
      line.textContent = state ? `${state.passed ? "✓" : "✗"} ${exercises.readAs(data, state.answer)}${state.passed ? "Right:" : "Not right:"} ${state.message}` : "";
    };
    const fill = (text) => {
      if (data.among.length) for (const radio of form.elements.answer) radio.checked = radio.value === text;
      else form.elements.answer.value = text;
    };
    const check = (text) => {
      const state = { answer: text, version: data.version, ...exercises.verdict(data, text) };
      keep(data.name, state);
      show(state);
    };
    const question = form.closest(".cell")?.previousElementSibling;
    if (question?.matches("p")) {
      question.id ||= `question-${data.name}`;
      form.querySelector("fieldset").setAttribute("aria-labelledby", question.id);
    }
    form.querySelector("fieldset").disabled = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = form.elements.answer.value;
      if (text.trim()) {
        check(text);
      } else {
        keep(data.name, null);
        show(null);
        line.textContent = "Give an answer first.";
      }
      count();
    });
    form.addEventListener("input", () => show(null));
    const before = kept(data.name);
    if (before?.answer) {
      fill(before.answer);
      // An exercise that has changed since is judged anew.
      if (before.version === data.version) {
        answered.set(data.name, before);
        show(before);
      } else {
        check(before.answer);
      }
    }
    return () => {
      keep(data.name, null);
      fill("");
      show(null);
    };
  });

  if (forms.length) {
    clear.addEventListener("click", () => {
      for (const forget of shown) forget();
      count();
    });
    const all = document.querySelectorAll(".exercise");
    (all[all.length - 1].closest("section") ?? document.body).append(progress);
    count();
  }
})();
