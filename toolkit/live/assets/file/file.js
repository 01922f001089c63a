/* Puts the figure that this file holds packed in the place of its picture, and starts it. */
(async () => {
  // Five characters from "*" on, with "!" for "<", are four bytes.
  const text = document.getElementById("live-packed").textContent.replaceAll("!", "<");
  const numbers = new DataView(new ArrayBuffer(4 * Math.ceil(text.length / 5)));
  for (let at = 0; at < text.length; at += 5) {
    const digits = [...text.slice(at, at + 5).padEnd(5, "~")];
    numbers.setUint32((at / 5) * 4, digits.reduce((sum, digit) => 85 * sum + digit.charCodeAt() - 42, 0));
  }
  const packed = new Blob([numbers.buffer]).slice(0, Math.floor((text.length * 4) / 5));
  const stream = packed.stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const end = bytes.indexOf(10); // of JSON; the kernels follow
  const { styles, figure, scripts, module } = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end)));
  window.liveModule = { ...module, bytes: bytes.slice(end + 1) };
  const add = (tag, text) => document.head.append(Object.assign(document.createElement(tag), { textContent: text }));
  add("style", styles);
  document.getElementById("live-file").innerHTML = figure;
  add("script", scripts);
})();
