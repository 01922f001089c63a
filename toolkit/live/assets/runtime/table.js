/* The numbers of a figure's plots as tables, made when they are asked for. */
const REST = 500; // milliseconds between two tables while a figure moves

/* Tables of what a plot shows: a title, the heads of the columns, and rows of numbers and words. */
function tablesOf({ titles: [across, up] }, shown) {
  const [tables, axes] = [new Map(), across ? `${up} over ${across}` : up];
  for (const { look, slots, given } of shown) {
    if (look.kind === "cells") {
      const columns = cellCentres(slots.x, slots.columns);
      const rows = cellCentres(slots.y, slots.rows).map((y, row) => [y, ...columns.map((_, column) => {
        const value = slots.z[row * slots.columns + column];
        return look.states ? look.levels[levelOf(look, value)]?.name ?? "" : value;
      })]);
      tables.set(look, { title: look.name || axes, heads: [`${up} \\ ${across}`, ...columns], rows: rows.reverse() });
    } else if (look.kind === "boxes") {
      const heads = ["box", `${across} from`, "to", `${up} from`, "to", ...(slots.value ? ["value"] : [])];
      const rows = slots.edges.map(([x1, y1, x2, y2], i) => [slots.texts[i] ?? i + 1, x1, x2, y1, y2, ...(slots.value?.slice(i, i + 1) ?? [])]);
      tables.set(look, { title: look.name || axes, heads, rows });
    } else if (slots.rail) {
      const key = slots.x.join();
      if (!tables.has(key)) tables.set(key, { title: axes, heads: [across], rows: slots.x.map((x) => [x]) });
      const table = tables.get(key);
      table.heads.push(look.name || up);
      given.forEach((value, k) => table.rows[k].push(value));
    }
  }
  return [...tables.values()];
}

class DataTables {
  constructor(root, panels) {
    Object.assign(this, { panels, place: root.querySelector(".live-data") });
  }

  toggle() {
    this.place.hidden = !this.place.hidden;
    this.draw();
  }

  follow() {
    if (!this.place.hidden) this.waiting ??= setTimeout(() => this.draw(), REST);
  }

  draw() {
    clearTimeout(this.waiting);
    this.waiting = null;
    if (this.place.hidden) return;
    const text = (value, say) => escaped(typeof value === "number" ? say(value, "6g") : value);
    const head = (scope) => (value) => `<th scope="${scope}">${text(value, formatNumber)}</th>`;
    const row = ([first, ...rest]) =>
      `<tr>${head("row")(first)}${rest.map((value) => `<td>${text(value, inWords)}</td>`).join("")}</tr>`;
    this.place.innerHTML = this.panels.flatMap(({ spec, shown }) => tablesOf(spec, shown)).map(({ title, heads, rows }) =>
      `<table><caption>${escaped(title)}</caption><thead><tr>${heads.map(head("col")).join("")}</tr></thead>` +
      `<tbody>${rows.map(row).join("")}</tbody></table>`).join("");
  }
}

actions.data = {
  label: "Show the data",
  run({ tables }, button) {
    tables.toggle();
    button.textContent = tables.place.hidden ? actions.data.label : "Hide the data";
  },
};
