function sentence(readouts, values) {
  const set = (name) => name !== null && values[name][0] !== 0;
  const text = ([name, index, spec]) =>
    typeof values[name][index] === "string" ? values[name][index] : formatNumber(values[name][index], spec);
  return readouts
    .filter((r) => (r.when === null || set(r.when)) && (r.unless === null || !set(r.unless)))
    .map((r) => r.parts.map((part) => (Array.isArray(part) ? text(part) : part)).join(""))
    .join(" ");
}
