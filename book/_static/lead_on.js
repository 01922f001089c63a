/* Addresses of when several pages were one lead on to the page that has the place now. The block `moved` says place ->
   page; a place is a figure, a heading, or a module with all that is in it. */
"use strict";
(() => {
  const follow = () => {
    const block = document.querySelector("script.moved");
    const places = block ? JSON.parse(block.textContent) : {};
    let place = /^#(?:live-|hide=|module-)?([\w.-]+)/.exec(location.hash)?.[1] ?? "";
    while (place && !(place in places)) place = place.slice(0, Math.max(0, place.lastIndexOf(".")));
    if (place) location.replace(`${places[place]}.html${location.hash}`);
  };
  addEventListener("DOMContentLoaded", follow);
  addEventListener("hashchange", follow);
})();
