/* Controls: each reads and writes its value as people see it. */
const LOG_POSITIONS = 200;
const rounded = (value) => Number(value.toPrecision(3));

function rangeInput(input, spec) {
  const log = spec.scale === "log";
  let value = spec.value;
  const control = {
    read: () => value,
    write(next) {
      value = clamp(next, spec.low, spec.high);
      if (spec.kind === "integer") value = Math.round(value);
      input.value = log ? (LOG_POSITIONS * Math.log(value / spec.low)) / Math.log(spec.high / spec.low) : value;
      show();
    },
  };
  const shown = typedValue(input, input.nextElementSibling, spec, control);
  function show() {
    shown.textContent = formatNumber(value);
    input.setAttribute("aria-valuetext", shown.textContent);
  }
  input.addEventListener("input", ({ detail }) => {
    if (detail === "typed") return; // it stands where it was written, beside the slider's steps too
    const t = Number(input.value);
    value = log ? clamp(rounded(spec.low * (spec.high / spec.low) ** (t / LOG_POSITIONS)), spec.low, spec.high) : t;
    show();
  });
  return control;
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
