/* Addresses of when several pages were one lead on to the page that has the place now. The block `moved` says place ->
   page, with # and a heading if the place has another name; a place is a figure, a heading, or a module with all that is
   in it. A figure alone is named by `?only=`. */
"use strict";
(() => {
  const follow = () => {
    const block = document.querySelector("script.moved");
    const places = block ? JSON.parse(block.textContent) : {};
    const known = (place) => {
      while (place && !(place in places)) place = place.slice(0, Math.max(0, place.lastIndexOf(".")));
      return places[place];
    };
    const [, place] = /^#(?:live-|hide=|module-)?([\w.-]+)/.exec(location.hash) ?? [];
    const now = known(place ?? "") ?? known(new URLSearchParams(location.search).get("only") ?? "");
    if (!now) return;
    const [page, heading] = now.split("#");
    location.replace(`${page}.html${location.search}${heading ? `#${heading}` : location.hash}`);
  };
  addEventListener("DOMContentLoaded", follow);
  addEventListener("hashchange", follow);
})();
