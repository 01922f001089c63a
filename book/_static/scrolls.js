/* What scrolls sideways can be reached with the Tab key and has a name; both only while it is wider than its place.
   The style sheet draws the shade. */
"use strict";
(() => {
  const article = document.querySelector(".bd-article");
  if (!article) return;
  const NAMES = [["table.told, .pst-scrollable-table-container, .cell_output .text_html", "Table"],
                 ["mjx-container", "Formula"], [".cell_output pre", "Output"], ["pre", "Code"]];
  const inFigures = ".live-figure, .exercise-form";
  const INLINE = 'mjx-container:not([display="true"])'; // slanted letters overhang a little
  const look = () => {
    const all = article.querySelectorAll(NAMES.map(([places]) => places).join(", "));
    const found = [...all].filter((place) => place.getClientRects().length && !place.closest(inFigures));
    // All that is measured comes before all that is set.
    const wide = found.map((place) => place.scrollWidth - place.clientWidth > (place.matches(INLINE) ? 10 : 1));
    found.forEach((place, i) => {
      place.classList.toggle("scrolls", wide[i]);
      if (!wide[i]) {
        place.removeAttribute("tabindex");
        if (place.dataset.named) for (const name of ["role", "aria-label", "data-named"]) place.removeAttribute(name);
        return;
      }
      place.tabIndex = 0;
      if (place.matches("[role], table:has(> caption)")) return; // it has a name already
      if (!place.matches("table")) place.setAttribute("role", "group");
      place.setAttribute("aria-label", NAMES.find(([places]) => place.matches(places))[1]);
      place.dataset.named = "true";
    });
  };
  let waiting = 0;
  // Its height changes as the window does, as folds open, and as formulas are set.
  new ResizeObserver(() => { clearTimeout(waiting); waiting = setTimeout(look, 100); }).observe(article);
})();
