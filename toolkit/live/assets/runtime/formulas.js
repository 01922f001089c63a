/* Formulas wait until figures can be used: their script is large, and a page reads well before it runs. */
function startFormulas() {
  for (const waiting of document.querySelectorAll("script[data-after-figures]")) {
    const script = document.createElement("script");
    script.src = waiting.src;
    waiting.replaceWith(script);
  }
}

atLast.push(startFormulas);
