/* The gallery's contents: a field that finds methods by words of their title, summary or source. */
"use strict";
(() => {
  const all = document.querySelector(".all-methods");
  if (!all) return;
  const place = document.createElement("p");
  place.className = "find-methods";
  place.innerHTML = '<label>Find a method <input type="search" autocomplete="off"></label> <span role="status"></span>';
  all.before(place);
  const [field, status] = [place.querySelector("input"), place.querySelector("span")];
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const list of all.querySelectorAll(".methods")) {
      const items = [...list.children];
      for (const item of items) item.hidden = !words.every((word) => item.dataset.words.includes(word));
      const shown = items.filter((item) => !item.hidden).length;
      list.hidden = list.previousElementSibling.hidden = shown === 0;
      found += shown;
    }
    status.textContent = words.length ? `${found} found` : "";
  });
})();
