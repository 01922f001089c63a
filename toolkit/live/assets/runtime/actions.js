/* What the buttons below a figure do, by name; parts that come later add theirs. Two are always in sight, the others in
   a menu. `page`: needs an address, which a notebook's output lacks. */
const actions = {
  reset: { label: "Reset", shown: true, run: (figure) => commit(() => figure.reset()) },
  embed: { label: "Embed", page: true, run() {} }, // embed.js listens to its button
};

function actionButton(figure, name, { label, run }) {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: label });
  button.dataset.action = name;
  button.addEventListener("click", () => run(figure, button));
  return button;
}

/* The buttons of a figure and its menu; returns what says in one line what they did. */
function addActions(figure, place) {
  const open = Object.entries(actions).filter(([, { page }]) => !page || figure.hasAddress);
  const made = (shown) => open.filter(([, action]) => Boolean(action.shown) === shown)
    .map(([name, action]) => actionButton(figure, name, action));
  const said = Object.assign(document.createElement("span"), { className: "live-told" });
  said.setAttribute("role", "status");
  place.append(...made(true), menuOf(made(false)), said);
  let timer;
  return (text) => {
    said.textContent = text;
    clearTimeout(timer);
    timer = setTimeout(() => (said.textContent = ""), 6000);
  };
}

/* "More": opens by click, Enter or Space, and closes by Escape, a choice, or a click elsewhere. */
function menuOf(buttons) {
  const menu = Object.assign(document.createElement("details"), { className: "live-more" });
  const summary = Object.assign(document.createElement("summary"), { textContent: "More" });
  const list = Object.assign(document.createElement("div"), { className: "live-menu" });
  list.append(...buttons);
  menu.append(summary, list);
  const close = () => {
    if (menu.contains(document.activeElement)) summary.focus();
    menu.open = false;
  };
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    event.stopPropagation();
    close();
  });
  list.addEventListener("click", close);
  document.addEventListener("click", (event) => menu.open && !menu.contains(event.target) && (menu.open = false));
  return menu;
}
