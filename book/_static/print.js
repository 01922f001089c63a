/* Paper is white: a page in the dark theme prints in the light one. */
"use strict";
(() => {
  const root = document.documentElement;
  let before = null;
  const follow = (prints) => {
    if (prints && before === null) {
      before = root.dataset.theme ?? "";
      root.dataset.theme = "light";
    } else if (!prints && before !== null) {
      root.dataset.theme = before;
      before = null;
    }
  };
  matchMedia("print").addEventListener("change", ({ matches }) => follow(matches));
  addEventListener("beforeprint", () => follow(true));
  addEventListener("afterprint", () => follow(false));
})();
