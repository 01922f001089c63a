/* Expressions of a figure's values, parsed by expressions.py and computed as it does. */
const folds = {
  sum: (numbers) => numbers.reduce((total, number) => total + number, 0),
  min: (numbers) => numbers.reduce((least, number) => (number < least ? number : least)),
  max: (numbers) => numbers.reduce((most, number) => (number > most ? number : most)),
};
const operations = {
  "+": (a, b) => a + b, "-": (a, b) => a - b, "*": (a, b) => a * b, "/": (a, b) => a / b, negative: (a) => -a,
  "==": (a, b) => a === b, "!=": (a, b) => a !== b, "<": (a, b) => a < b, "<=": (a, b) => a <= b, ">": (a, b) => a > b,
  ">=": (a, b) => a >= b, not: (a) => a === 0, abs: Math.abs, sqrt: Math.sqrt, floor: Math.floor, isnan: Number.isNaN,
  isinf: (a) => Math.abs(a) === Infinity,
};

function evaluate(tree, values) {
  if (!Array.isArray(tree)) return tree;
  const [does, ...parts] = tree;
  const part = (i) => evaluate(parts[i], values);
  if (does === "value") return values[parts[0]][parts[1]];
  if (does === "all") return Array.from(values[parts[0]]);
  if (does === "text") return parts[0];
  if (does === "inf") return Infinity;
  if (does === "and") return Number(parts.every((_, i) => part(i) !== 0));
  if (does === "or") return Number(parts.some((_, i) => part(i) !== 0));
  if (does === "if") return part(part(0) !== 0 ? 1 : 2);
  if (does in folds) return folds[does](parts.flatMap((_, i) => part(i)));
  const result = operations[does](...parts.map((_, i) => part(i)));
  return typeof result === "boolean" ? Number(result) : result;
}
