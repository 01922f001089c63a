/* Puts the figure that this file holds packed in the place of its picture, and starts it. */
(async () => {
  const packed = Uint8Array.from(atob(document.getElementById("live-packed").textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const { styles, figure, scripts } = JSON.parse(await new Response(stream).text());
  const add = (tag, text) => document.head.append(Object.assign(document.createElement(tag), { textContent: text }));
  add("style", styles);
  document.getElementById("live-file").innerHTML = figure;
  add("script", scripts);
})();
