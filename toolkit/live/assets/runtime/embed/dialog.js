/* What a button [data-action="embed"] opens: the figure as a file, and a line that shows it in another page. */
const made = (tag, more, ...parts) => {
  const element = Object.assign(document.createElement(tag), more);
  element.append(...parts);
  return element;
};
const button = (text, action) => made("button", { type: "button", textContent: text, onclick: action });

async function download(figure, note) {
  try {
    const file = new Blob([await fileOf(figure)], { type: "text/html" });
    const link = made("a", { href: URL.createObjectURL(file), download: `${figure.name}.html` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    note.textContent = `${link.download}, ${Math.round(file.size / 1000)} KB.`;
  } catch (error) {
    note.textContent = `The file could not be made: ${error.message}`;
  }
}

function lineOf(figure) {
  const [page, state] = [location.href.split(/[?#]/)[0], live.stateOf(figure)];
  const address = `${page}?only=${figure.name}${state && `#${state}`}`;
  const height = Math.ceil(figure.root.getBoundingClientRect().height);
  const quoted = (text) => textOfHtml(text).replaceAll('"', "&quot;");
  const title = quoted(figure.root.querySelector("figcaption").textContent);
  return `<iframe src="${quoted(address)}" title="${title}" width="100%" height="${height}" style="border: 0" loading="lazy" allow="fullscreen"></iframe>`;
}

async function copy(field, note) {
  try {
    await navigator.clipboard.writeText(field.value);
    note.textContent = "Line copied.";
  } catch {
    field.select(); // without permission the reader copies it
    note.textContent = "The line is selected: copy it.";
  }
}

function openDialog(figure) {
  const note = made("p", { className: "live-note" });
  note.setAttribute("role", "status");
  const dialog = made("dialog", { className: "live-embed" },
    made("p", { className: "live-embed-title", textContent: "Embed this figure" }),
    made("p", { textContent: "As a file, it starts in the state that you see now, needs nothing else, and goes into a mail, slides or a course page." }),
    button("Download the file", () => download(figure, note)));
  dialog.setAttribute("aria-label", "Embed this figure");
  if (location.protocol.startsWith("http")) {
    const field = made("textarea", { readOnly: true, rows: 5, value: lineOf(figure) });
    field.setAttribute("aria-label", "Line for another page");
    dialog.append(made("p", { textContent: "Or paste this line into the HTML of a page; it shows the figure from here:" }), field,
      button("Copy the line", () => copy(field, note)));
  }
  dialog.append(note, button("Close", () => dialog.close()));
  dialog.addEventListener("close", () => dialog.remove());
  figure.root.append(dialog);
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  const place = event.target.closest?.('[data-action="embed"]')?.closest(".live-figure");
  if (place) openDialog(live.figures.get(place.dataset.live));
});
