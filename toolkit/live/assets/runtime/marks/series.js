/* What lines, markers and bars share, as in marks/_series.py: points, and rails for what has no place. */
const CROWD = 130;
const SHIFTS = [[-50, "start"], [50, "end"], ...[90, 170, 260, 420].flatMap((far) => [[far, "start"], [-far, "end"]])];

function special(value) {
  if (Number.isNaN(value)) return ["NaN", "x-thin-open", 0];
  if (value === 0) return ["exactly 0", "circle-open", 0];
  if (Number.isFinite(value)) return ["negative", "triangle-down-open", 0];
  return value > 0 ? ["+inf", "triangle-up-open", 1] : ["−inf", "triangle-down-open", 0];
}

fillers.series = (b, values) => {
  const all = givenValues(b, values);
  const places = b.x === null ? all.map((_, i) => i + 1) : Array.from(typeof b.x === "string" ? values[b.x] : b.x);
  const x = places.slice(0, all.length);
  const y = all.map((v) => (Number.isFinite(v) && (v > 0 || !b.positive) ? v : null));
  const rail = { x: [], y: [], text: [], symbol: [] };
  all.forEach((value, i) => {
    const zero = value === 0 && b.zeros;
    if (y[i] !== null && !zero) return;
    const [name, symbol, edge] = special(value);
    rail.text.push(rail.text.includes(name) ? "" : name);
    rail.x.push(x[i]);
    rail.y.push(zero && !b.positive ? 0 : b.rails[edge]);
    rail.symbol.push(symbol);
  });
  return { x, y, rail };
};

/* The points of a series: where each stands, on a rail too, how far it reaches, and its words. */
function readSeries(look, frame, { x, y, rail }, given, lefts, reach = [0, 0]) {
  let next = 0;
  const points = x.map((place, k) => {
    const onRail = y[k] === null || (look.kind === "bars" && given[k] === 0);
    const top = pixel(frame.y, onRail ? rail.y[next] : y[k]);
    next += onRail;
    const where = typeof place === "string" ? place : formatNumber(place);
    return { left: lefts?.get(place) ?? pixel(frame.x, place), top, reach, text: () => `${look.name} ${where}: ${inWords(given[k])}`.trim() };
  });
  return [points];
}
readers.line = readers.markers = readSeries;

function railMarks(look, frame, { rail }, labels, places, leads = false) {
  const [last, names, found] = [{}, {}, new Map()];
  let body = "";
  rail.x.forEach((x, i) => {
    const [left, top, symbol] = [places ? places.get(x) : pixel(frame.x, x), pixel(frame.y, rail.y[i]), rail.symbol[i]];
    if (!rail.text[i] && Math.abs(left - (last[symbol] ?? left + CROWD)) < CROWD) return;
    last[symbol] = left;
    body += symbolAt(left, top, symbol);
    labels.box(left - 50, top - 50, left + 50, top + 50);
    names[symbol] = rail.text[i] || names[symbol];
    if (!found.has(names[symbol])) found.set(names[symbol], []);
    found.get(names[symbol]).push([left, top]);
  });
  for (const [text, symbols] of found) labels.word({ ...look, kind: "rail" }, frame.named && look.name ? `${look.name}: ${text}` : text, besideSymbols(symbols, 10 * frame.height, leads), 0);
  return body && group(look, "rail", body);
}

/* Places of a word: over or under a symbol, beside one, and in further rows towards the middle of the plot. */
function besideSymbols(all, height, leads) {
  const symbols = all.filter((_, i) => i % Math.ceil(all.length / 8) === 0);
  const away = symbols[0][1] < 300;
  const [rows, ends] = [[], []];
  for (let row = 0; row < Math.floor(height / 80); row += 1)
    for (const [left, top] of symbols)
      for (const [shift, anchor] of SHIFTS) {
        const lead = leads && row > 3 ? [[left, top - 60]] : [];
        rows.push([left + shift, top + (away ? 190 + 80 * row : -110 - 80 * row), anchor, ...lead]);
      }
  for (const [left, top] of symbols) for (const [shift, anchor] of SHIFTS.slice(2)) ends.push([left + shift, top + (away ? 45 : 30), anchor]);
  return [...rows.slice(0, 2), ...ends, ...rows.slice(2)];
}
