/* A word of the glossary shows its meaning when the pointer or the focus comes to it, and at the first tap.
   Escape takes it away; the second tap, or Enter, follows the link. */
"use strict";
(() => {
  const said = document.getElementById("glossary");
  if (!said) return;
  const meanings = JSON.parse(said.textContent);
  const tip = document.createElement("span");
  tip.id = "glossary-tip";
  tip.setAttribute("role", "tooltip");
  tip.hidden = true;
  let shown = null, touched = false, leaving = 0;

  const hide = () => {
    shown?.removeAttribute("aria-describedby");
    shown = null;
    tip.hidden = true;
  };
  const show = (link, meaning) => {
    clearTimeout(leaving);
    if (shown === link) return;
    hide();
    shown = link;
    tip.textContent = meaning;
    tip.hidden = false;
    link.after(tip);
    link.setAttribute("aria-describedby", tip.id);
    const word = link.getClientRects()[0], around = tip.offsetParent.getBoundingClientRect();
    const room = document.documentElement.clientWidth - tip.offsetWidth - 8;
    tip.style.left = `${Math.max(8, Math.min(word.left, room)) - around.left}px`;
    const above = word.bottom + tip.offsetHeight + 8 > innerHeight && word.top > tip.offsetHeight + 8;
    tip.style.top = `${(above ? word.top - tip.offsetHeight - 4 : word.bottom + 4) - around.top}px`;
  };
  const leave = () => { leaving = setTimeout(hide, 200); }; // time enough to come onto the meaning itself

  for (const link of document.querySelectorAll('a[href*="#term-"]')) {
    const meaning = meanings[decodeURIComponent(link.hash.slice(1))];
    if (!meaning) continue;
    link.classList.add("glossary-term");
    link.addEventListener("pointerdown", (event) => { touched = event.pointerType === "touch" && shown !== link; });
    link.addEventListener("pointerenter", (event) => event.pointerType === "touch" || show(link, meaning));
    link.addEventListener("pointerleave", (event) => event.pointerType === "touch" || leave());
    link.addEventListener("focus", () => show(link, meaning));
    link.addEventListener("blur", leave);
    link.addEventListener("click", (event) => {
      if (!touched) return;
      event.preventDefault();
      touched = false;
      show(link, meaning);
    });
  }
  tip.addEventListener("pointerenter", () => clearTimeout(leaving));
  tip.addEventListener("pointerleave", leave);
  addEventListener("keydown", (event) => event.key === "Escape" && hide());
  addEventListener("pointerdown", (event) => shown && event.target !== shown && event.target !== tip && hide());
})();
