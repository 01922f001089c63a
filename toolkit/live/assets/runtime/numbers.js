/* Numbers in words, as numbers.py writes them. */
const superscript = (n) => [...String(n)].map((c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c])).join("");

/* A number of a plot, with an exact zero as what it is. */
const inWords = (value, spec) => (value === 0 ? "exactly 0" : value === Infinity ? "+inf" : formatNumber(value, spec));

const isZero = (text) => /^[0.]*$/.test(text);

/* A share in percent; one that only rounds to 0 or 100 says so. */
function percentage(size, places, sign) {
  const text = (100 * size).toFixed(places);
  if (size === 0 || size === 1) return sign + 100 * size;
  if (isZero(text)) return `less than ${(10 ** -places).toFixed(places)}`;
  if (size < 1 && text === (100).toFixed(places)) return `${sign}more than ${(100 - 10 ** -places).toFixed(places)}`;
  return sign + text;
}

function formatNumber(value, spec = "") {
  const [, count, kind] = /^(\d*)([gdf%rs^])$/.exec(spec || "4g");
  const digits = Number(count || (kind === "g" ? 4 : 0));
  if (kind === "s") return formatNumber(value, `${count}g`) === "1" ? "" : "s";
  if (Number.isNaN(value)) return "NaN";
  const sign = value < 0 || Object.is(value, -0) ? "−" : "";
  const size = Math.abs(value);
  if (size === Infinity) return sign + "inf";
  if (kind === "^") return digits + superscript((sign && "-") + size.toFixed(0));
  if (kind === "%") return `${percentage(size, digits, sign)}\u00a0%`;
  if (kind === "d" || kind === "f") return (value !== 0 && isZero(size.toFixed(digits)) ? "" : sign) + size.toFixed(digits);
  if (size === 0) return sign + "0";
  const [mantissa, power] = (kind === "r" ? size.toExponential() : size.toExponential(digits - 1)).split("e");
  const text = mantissa.replace(".", "").replace(/0+$/, "");
  const exponent = Number(power);
  if (exponent >= -4 && exponent < (kind === "r" ? 17 : digits + 2)) {
    if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${text}`;
    const whole = text.slice(0, exponent + 1).padEnd(exponent + 1, "0");
    const fraction = text.slice(exponent + 1);
    return sign + whole + (fraction && "." + fraction);
  }
  return `${sign}${text[0]}${text.length > 1 ? "." + text.slice(1) : ""}×10${superscript(exponent)}`;
}
