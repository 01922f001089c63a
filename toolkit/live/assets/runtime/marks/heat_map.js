/* Cells of heat maps, as in marks/heat_map.py and marks/cells.py: one path for each level. */
const GRID_FROM = 36;

fillers.cells = (b, values) => {
  const [rows, columns] = [b.rows, b.columns].map((size) => (typeof size === "string" ? Math.trunc(values[size][0]) : size));
  const z = Array.from(values[b.z]).slice(0, rows * columns);
  return { rows, columns, z, x: b.x ?? [-0.5, columns - 0.5], y: b.y ?? [-0.5, rows - 0.5] };
};

function levelOf(look, value) {
  const count = look.levels.length;
  if (look.states) return Number.isInteger(value) && value >= 0 && value < count ? value : -1;
  if (!Number.isFinite(value)) return count - 1;
  const share = (value - look.low) / (look.high - look.low);
  return Math.floor(clamp(share * (count - 1), 0, count - 2));
}

function cellPath(mark, side, left, top, right, bottom) {
  if (mark === "full") return `M${left} ${top}h${right - left}v${bottom - top}h${left - right}z`;
  const [x, y, half] = [Math.floor((left + right) / 2), Math.floor((top + bottom) / 2), Math.floor((3 * side) / 10)];
  if (mark === "dot") return `M${x} ${y}h0`;
  if (mark === "hollow") return `M${x - half} ${y - half}h${2 * half}v${2 * half}h${-2 * half}z`;
  return `M${x - half} ${y - half}l${2 * half} ${2 * half}m0 ${-2 * half}l${-2 * half} ${2 * half}`;
}

function levelSvg(level, side, path) {
  const width = level.mark === "full" ? 0 : level.mark === "dot" ? Math.floor((4 * side) / 10) : Math.max(8, Math.floor(side / 8));
  const style = `--live-ink:var(--live-${level.role});--live-shade:${level.shade}%`;
  return `<path class="live-cell-${level.mark}" style="${style}" stroke-width="${width}" d="${path}"/>`;
}

drawers.cells = (look, frame, { rows, columns, z, ...ends }, labels) => {
  const edges = (scale, [first, last], count) =>
    Array.from({ length: count + 1 }, (_, k) => pixel(scale, first + ((last - first) * k) / count));
  const [across, up] = [edges(frame.x, ends.x, columns), edges(frame.y, ends.y, rows)];
  const levels = z.map((value) => levelOf(look, value));
  const side = Math.min(across[1] - across[0], up[0] - up[1]);
  const paths = look.levels.map(() => "");
  for (let row = 0; row < rows; row += 1)
    for (let column = 0; column < columns; ) {
      const k = levels[row * columns + column] ?? -1;
      let last = column + 1;
      if (k >= 0) {
        const { mark } = look.levels[k];
        while (mark === "full" && last < columns && levels[row * columns + last] === k) last += 1;
        paths[k] += cellPath(mark, side, across[column], up[row + 1], across[last], up[row]);
        labels.box(across[column], up[row + 1], across[last] - 1, up[row] - 1, HATCHED);
      }
      column = last;
    }
  let body = look.levels.map((level, k) => paths[k] && levelSvg(level, side, paths[k])).join("");
  if (side >= GRID_FROM) {
    const lines = across.slice(1, -1).map((x) => `M${x} ${up[rows]}V${up[0]}`).join("");
    const more = up.slice(1, -1).map((y) => `M${across[0]} ${y}H${across[columns]}`).join("");
    body += `<path class="live-cell-grid" d="${lines}${more}"/>`;
  }
  return `<g class="live-cells">${body}</g>`;
};

const cellCentres = ([first, last], count) => Array.from({ length: count }, (_, k) => first + ((last - first) * (k + 0.5)) / count);

/* Cells, row by row, with their words. */
readers.cells = (look, frame, { rows, columns, z, ...ends }) => {
  const [across, up] = [cellCentres(ends.x, columns), cellCentres(ends.y, rows)];
  const half = (scale, [first, last], count) => Math.abs((5 * scale.slope * (last - first)) / count);
  const reach = [half(frame.x, ends.x, columns), half(frame.y, ends.y, rows)];
  return up.map((y, row) => across.map((x, column) => {
    const text = () => {
      const value = z[row * columns + column];
      const word = look.states ? look.levels[levelOf(look, value)]?.name ?? "" : inWords(value);
      return `${look.name} ${formatNumber(x)}, ${formatNumber(y)}: ${word}`.trim();
    };
    return { left: pixel(frame.x, x), top: pixel(frame.y, y), reach, text };
  }));
};
