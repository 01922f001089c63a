/* The value beside a slider takes a number: by a click on it, by Enter on the slider, or by a digit there. */
const numberFrom = (text) => {
  const plain = text.trim().replaceAll("−", "-").replace(/^([^.,]*),([^.,]*)$/, "$1.$2");
  return plain === "" ? NaN : Number(plain);
};

/* A button in place of the value. A screen reader finds it; the keyboard needs no further stop, since the slider has it. */
function typedValue(slider, output, spec, control) {
  const value = Object.assign(document.createElement("button"), { type: "button", className: "live-value", tabIndex: -1 });
  const name = (spec.label || spec.name) + (output.closest(".live-part") ? ` ${slider.labels[0].textContent}` : "");
  value.title = `Type a value from ${rangeOf(spec)}`;
  value.addEventListener("click", () => open(String(control.read())));
  slider.setAttribute("aria-description", "Press Enter to type a value");
  slider.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !/^(Enter|[-−0-9.,])$/.test(event.key)) return;
    event.preventDefault();
    open(event.key === "Enter" ? String(control.read()) : event.key, event.key !== "Enter");
  });
  output.replaceChildren(value);

  function open(text, begun = false) {
    const field = Object.assign(document.createElement("input"), { type: "text", inputMode: "text", value: text, className: "live-field" });
    const wrong = Object.assign(document.createElement("span"), { className: "live-wrong" });
    wrong.setAttribute("role", "alert");
    field.setAttribute("aria-label", `${name}, ${value.title.toLowerCase()}`);
    for (const kind of ["input", "change"]) field.addEventListener(kind, (event) => event.stopPropagation()); // not a slider's
    let closed = false;
    const close = (focus) => {
      closed = true; // a field that is taken away says so by a blur
      field.replaceWith(value);
      wrong.remove();
      if (focus) slider.focus();
    };
    const enter = (focus) => {
      if (closed) return;
      if (field.value === text && !begun) return close(focus);
      const number = numberFrom(field.value);
      if (takes(spec, number)) {
        close(focus);
        commit(() => {
          control.write(number);
          slider.dispatchEvent(new CustomEvent("input", { bubbles: true, detail: "typed" }));
        });
      } else if (!focus) close(false);
      else {
        field.setAttribute("aria-invalid", "true");
        wrong.textContent = `“${field.value}”; allowed: ${spec.kind === "integer" ? "whole numbers " : ""}${rangeOf(spec)}`;
      }
    };
    field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter") enter(true);
      if (event.key === "Escape") close(true);
    });
    field.addEventListener("blur", () => enter(false));
    value.replaceWith(field);
    output.append(wrong);
    field.focus();
    if (!begun) field.select();
  }
  return value;
}
