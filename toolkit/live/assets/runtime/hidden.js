/* What a figure may say and draw while controls are hidden, as hidden.py. */
const namesIn = (tree) => {
  if (!Array.isArray(tree) || tree[0] === "text" || tree[0] === "inf") return [];
  return tree[0] === "value" || tree[0] === "all" ? [tree[1]] : tree.slice(1).flatMap(namesIn);
};

class Hidden {
  constructor(spec, names) {
    this.controls = new Map(spec.controls.filter(({ name }) => names.includes(name)).map((control) => [control.name, control]));
    this.derived = spec.derived ?? {};
  }

  has(name) {
    return this.controls.has(name);
  }

  tells(text) {
    return (text in this.derived ? namesIn(this.derived[text]) : [text]).some((name) => this.has(name));
  }

  word(text) {
    const control = this.controls.get(text);
    return ["choice", "format"].includes(control?.kind) ? `the hidden ${control.label || text}` : "?";
  }

  covers(said, spec, values) {
    return [...this.controls.values()].some(({ name, kind }) => {
      if (kind !== "slider" && kind !== "integer") return false;
      const value = values[name][0];
      const powers = 0 < Math.abs(value) && Math.abs(value) < 300 ? [2 ** value, 10 ** value] : [];
      return [value, ...powers].some((number) => Number.isFinite(number) && said === formatNumber(number, spec));
    });
  }

  places(b) {
    const series = b.kind === "series" ? [typeof b.x === "string" ? b.x : null, b.y].flat() : [];
    return [b.at, b.x0, b.x1, b.z, ...series].some((text) => typeof text === "string" && this.tells(text));
  }
}
