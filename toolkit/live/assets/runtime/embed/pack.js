/* Bytes as a text that file.js unpacks, as `packed` in hosts/file.py: deflated, and five characters for four bytes. */
async function packed(parts) {
  const stream = new Blob(parts).stream().pipeThrough(new CompressionStream("deflate"));
  const found = await new Response(stream).arrayBuffer();
  const numbers = new DataView(await new Blob([found, new Uint8Array(3)]).arrayBuffer());
  let text = "";
  for (let at = 0; at < found.byteLength; at += 4) {
    let [rest, five] = [numbers.getUint32(at), ""];
    for (let k = 0; k < 5; k += 1) {
      five = String.fromCharCode(42 + (rest % 85)) + five;
      rest = Math.floor(rest / 85);
    }
    text += five;
  }
  return text.slice(0, Math.ceil((found.byteLength * 5) / 4)).replaceAll("<", "!");
}
