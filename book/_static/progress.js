/* Chapters that were opened on this device, marked on the map and on reading paths. */
"use strict";
(() => {
  const KEY = "softmax-at-the-edge.opened";
  let opened;
  try {
    opened = JSON.parse(localStorage.getItem(KEY)) ?? [];
    const here = document.querySelector(".chapter-head")?.dataset.chapter;
    if (here) {
      opened = [...opened.filter((name) => name !== here), here];
      localStorage.setItem(KEY, JSON.stringify(opened));
    }
  } catch {
    return; // this browser keeps nothing
  }
  for (const place of document.querySelectorAll("li[data-chapter]")) {
    const at = opened.indexOf(place.dataset.chapter);
    if (at < 0) continue;
    const mark = document.createElement("span");
    mark.className = "opened";
    mark.textContent = at === opened.length - 1 ? "✓ opened last" : "✓ opened";
    place.append(" ", mark);
  }
})();
