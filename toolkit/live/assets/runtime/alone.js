/* A figure alone: `PAGE.html?only=NAME`, and a file that holds one figure. It is light or dark as the reader's device,
   or as `?theme=` says, and tells the page around it how high it is, as Canvas and others expect it. */
function standAlone() {
  const root = document.documentElement;
  const asked = new URLSearchParams(location.search);
  const only = root.dataset.liveOnly;
  const place = only === undefined ? document.querySelector("#live-file > .live-figure") : document.getElementById(`live-${only}`);
  if (!place?.matches(".live-figure")) return only === undefined || sayUnknown(only);
  if (only !== undefined) markAlone(place);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => (root.dataset.liveTheme = { dark: "dark", light: "light" }[asked.get("theme")] ?? (dark.matches ? "dark" : "light"));
  dark.addEventListener("change", follow);
  follow();
  const tell = () => parent.postMessage({ subject: "lti.frameResize", height: Math.ceil(place.getBoundingClientRect().bottom + scrollY) }, "*");
  if (isFramed) new ResizeObserver(tell).observe(place);
}

/* Of the page only the figure and what it stands in are shown, and below it a link to the page in the same state. */
function markAlone(place) {
  for (let part = place; part !== document.body; part = part.parentElement) part.classList.add("live-path");
  const [page, link] = [location.href.split(/[?#]/)[0], document.createElement("a")];
  Object.assign(link, { href: `${page}#${place.id}`, target: "_blank", textContent: document.title });
  link.addEventListener("click", () => saysState() && (link.href = page + location.hash));
  const made = Object.assign(document.createElement("p"), { className: "live-made" });
  made.append(link);
  place.append(made);
}

function sayUnknown(only) {
  delete document.documentElement.dataset.liveOnly;
  const names = [...document.querySelectorAll(".live-figure")].map((place) => place.dataset.live);
  const note = document.createElement("p");
  note.setAttribute("role", "alert");
  note.className = "live-unknown";
  note.textContent = `There is no figure “${only}” on this page; there are: ${names.join(", ")}.`;
  (document.querySelector("article") ?? document.body).prepend(note);
}

const isAsked = (place) => document.documentElement.dataset.liveOnly === undefined || place.classList.contains("live-path");
