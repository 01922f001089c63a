/* Whether a figure can be seen, and how it comes into sight. */
const isFramed = parent !== window; // what this page may do, another one says
const BAR = 60; // the page's own bar lies on the upper edge

/* Whether enough of a figure's plots can be seen to watch it move. */
function plotInSight(root) {
  const seen = ({ top, bottom, height }) =>
    height > 0 && Math.min(bottom, innerHeight) - Math.max(top, BAR) > 0.6 * Math.min(height, innerHeight);
  return [...root.querySelectorAll(".live-plot")].some((plot) => seen(plot.getBoundingClientRect()));
}

function bringIntoSight(element) {
  if (element && !plotInSight(element)) element.scrollIntoView({ block: "start" });
}
