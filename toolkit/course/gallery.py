"""The gallery: one live figure for each row of the catalog, made from the row alone."""
import numpy as np

from toolkit._core.templates import copy_of
from toolkit.catalog import methods
from toolkit.formats import FLOAT64, round_to, ulp_error
from toolkit.kernels import kernel, quantum, rnd
from toolkit.live import Axis, Format, Line, Plot, Readout, Rule, Slider, live_figure

__all__ = ["Entry", "entries", "largest_errors", "method_figure"]

_POINTS = 161
_FORMATS = ("float32", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2")
_FLOAT64 = FLOAT64.code
_TINY = 1e-20  # lower end of logarithmic axes

# What a figure draws of a method's result, and on which axis.
_AXES = {
    "probabilities": lambda low, high: Axis("first probability p₁", (0, 1)),
    "weights": lambda low, high: Axis("first weight p₁", (0, 1)),
    "logs": lambda low, high: Axis("−log p₁", (_TINY, 1e3), scale="log"),
    "number": lambda low, high: Axis("value", (low, high)),
    "loss": lambda low, high: Axis("loss of class 1", (_TINY, 1e3), scale="log"),
    "map": lambda low, high: Axis("first result", (low, high)),
}


def _axis(method):
    if method.result == "loss" and "nonnegative" not in method.holds:
        return Axis("loss of class 1", (-2.0, -method.plot_range[0]))
    return _AXES[method.result](*method.plot_range)


def _number(z, out, fmt):
    return row_kernel(z, fmt)


def _loss(z, out, fmt):
    return row_kernel(z, 0, out, fmt)


def _first(z, out, fmt):
    row_kernel(z, out, fmt)
    return out[0]


def _minus_log(z, out, fmt):
    row_kernel(z, out, fmt)
    return 0.0 - out[0]


_DRAWN = {"number": _number, "loss": _loss, "probabilities": _first, "weights": _first, "map": _first,
          "logs": _minus_log}


def _scalar(method, variant):
    """A kernel ``(z, out, fmt) -> what the figure draws`` around the variant's row kernel."""
    template = _DRAWN[method.result]
    drawn = copy_of(template, template, f"{method.name}_{variant.name}_drawn", row_kernel=variant.kernel)
    return kernel(drawn)


def method_figure(method):
    """A live figure of a catalog row: its result in a format against float64, as one number moves."""
    return _activation_figure(method) if method.result == "activation" else _row_figure(method)


def _draw_activation(at, fmt, x, truth, stable, naive, true_slope, slope, naive_slope, here, ulps):
    low, high = limits
    for i in range(x.size + 1):
        x_i = rnd(at if i == x.size else low + (high - low) * i / (x.size - 1), fmt)
        t, s, n = best(x_i, _FLOAT64), best(x_i, fmt), plain(x_i, fmt)
        if i == x.size:
            here[0], here[1], here[2] = t, s, n
            ulps[0] = abs(s - t) / quantum(t, fmt)
        else:
            x[i], truth[i], stable[i], naive[i] = x_i, t, s, n
            true_slope[i], slope[i] = best_slope(x_i, _FLOAT64), best_slope(x_i, fmt)
            naive_slope[i] = plain_slope(x_i, fmt)


def _activation_figure(method):
    """Value and derivative of an activation; their axes have room for what float64 gives."""
    best, plain = method.default.kernel, method.variants[0].kernel
    plain_slope = method.naive_gradient or method.row_gradient
    low, high = method.plot_range
    draw = copy_of(_draw_activation, _draw_activation, method.name, best=best, plain=plain,
                   best_slope=method.row_gradient, plain_slope=plain_slope, limits=method.plot_range)
    draw.__qualname__ = f"gallery_figure_of_{method.name}"
    points = np.linspace(low, high, 1001)
    lines = {"value": [Line("truth", x="x", label="float64", role="truth"),
                       Line("stable", x="x", label="stable", role="stable")],
             "slope": [Line("true_slope", x="x", label="float64", role="truth"),
                       Line("slope", x="x", label="stable", role="stable")]}
    sentences = ["At x = {at} in {fmt}: {here[1]:5g}, which is {ulps:2g} ulp from float64's {here[0]:5g}."]
    if plain is not best:
        lines["value"].append(Line("naive", x="x", label="naive", role="naive"))
        sentences.append("The naive form gives {here[2]:5g}.")
    if plain_slope is not method.row_gradient:
        lines["slope"].append(Line("naive_slope", x="x", label="naive", role="naive"))
    names = ("x", "truth", "stable", "naive", "true_slope", "slope", "naive_slope")
    return live_figure(
        controls=[Slider("at", low, high, low + 0.2 * (high - low), label="input", symbol="x"),
                  Format("fmt", "float16")],
        outputs=dict.fromkeys(names, _POINTS) | {"here": 3, "ulps": 1},
        plot=(Plot((*lines["value"], Rule(x="at")), x=Axis("x", (low, high)), height=260,
                   y=Axis("f(x)", _room(method(points)))),
              Plot((*lines["slope"], Rule(x="at")), x=Axis("x", (low, high)), height=260,
                   y=Axis("derivative f′(x)", _room(method.gradient(points, **dict(method.parameters)))))),
        readouts=sentences,
        caption=f"Move x through {method.title} and change the format.",
    )(draw)


def _room(values):
    margin = 0.05 * (values.max() - values.min())
    return float(values.min() - margin), float(values.max() + margin)


def _draw_row(z, fmt, x, truth, stable, naive, here, ulps, row, out):
    low, high = limits
    for i in range(x.size + 1):
        at = z if i == x.size else low + (high - low) * i / (x.size - 1)
        row[0] = rnd(at, fmt)
        row[1] = 0.0
        row[2] = -1.0
        t = best(row, out, _FLOAT64)
        s = best(row, out, fmt)
        n = plain(row, out, fmt)
        if i == x.size:
            here[0] = t
            here[1] = s
            here[2] = n
            ulps[0] = abs(s - t) / quantum(t, fmt)
        else:
            x[i] = at
            truth[i] = t
            stable[i] = s
            naive[i] = n


def _row_figure(method):
    """The result of one of three logits as it moves."""
    best, plain = _scalar(method, method.default), _scalar(method, method.variants[0])
    low, high = method.plot_range
    compared = method.variants[0] != method.default

    draw = copy_of(_draw_row, _draw_row, method.name, best=best, plain=plain, limits=method.plot_range)
    lines = [Line("truth", x="x", label="float64", role="truth"),
             Line("stable", x="x", label=method.default.name.replace("_", " "), role="stable")]
    sentences = ["At z₁ = {z} in {fmt}: {here[1]:5g}, which is {ulps:2g} ulp from float64's {here[0]:5g}."]
    if compared:
        lines.append(Line("naive", x="x", label=method.variants[0].name, role="naive"))
        sentences.append("The naive way gives {here[2]:5g}.")
    return live_figure(
        controls=[Slider("z", low, high, low + 0.8 * (high - low), label="first logit", symbol="z₁"),
                  Format("fmt", "float16")],
        outputs={"x": _POINTS, "truth": _POINTS, "stable": _POINTS, "naive": _POINTS, "here": 3, "ulps": 1},
        scratch={"row": 3, "out": 3},
        plot=Plot((*lines, Rule(x="z")), x=Axis("first logit z₁, beside z₂ = 0 and z₃ = −1", (low, high)),
                  y=_axis(method), height=300),
        readouts=[Readout(sentence) for sentence in sentences],
        caption=f"Move the first logit through {method.title} and change the format.",
    )(draw)


def _rows(first, classes):
    """Rows of 0 and -1 behind these numbers; maps get as many as their groups of 2 and 5 divide."""
    rows = np.full((first.size, classes), -1.0)
    rows[:, 0], rows[:, 1] = first, 0.0
    return rows


def largest_errors(method):
    """Format -> largest error of the method in it, over the range of its figure, in ulp.

    Against float64 at the same numbers, with the same kernel; inf where the format overflows and float64 does not.
    """
    points, found = np.linspace(*method.plot_range, _POINTS), {}
    for format in _FORMATS:
        x = round_to(points, format)
        at = x if method.result == "activation" else _rows(x, 10 if method.result == "map" else 3)
        arguments, options = (at,), {}
        if method.result == "loss":
            arguments, options = (at, np.zeros(_POINTS, int)), {"reduction": "none"}
        with np.errstate(all="ignore"):
            computed, exact = (method(*arguments, format=f, **options) for f in (format, "float64"))
        if computed.ndim == 2:
            computed, exact = computed[:, 0], exact[:, 0]
        found[format] = float(ulp_error(computed, exact, format).max())
    return found


class Entry:
    """One method of the gallery; displays as Markdown, to be followed by its figure."""

    def __init__(self, method):
        self.method = method

    def _repr_markdown_(self):
        m = self.method
        chapter = f"[](../notebooks/{m.chapter}.ipynb)"  # the page fills in the chapter's title
        variants = ", ".join(f"`{v.name}`" for v in m.variants)
        choice = f" · {m.selector}: {variants}" if m.selector else ""
        errors = " · ".join(f"{format.replace('_', ' ')} {error:.2g}" for format, error in largest_errors(m).items())
        return (f"**{m.title}** · [`{m.path}`](#{m.path})\n\n$$ {m.formula} $$\n\n{m.summary}\n\n"
                f"Chapter: {chapter} · source: {{cite:t}}`{m.reference}`{choice}\n\n"
                f"Largest error over the range of the figure, in ulp: {errors.replace('inf', '∞')}\n")


def entries(family):
    """Text and live figure of each method of a family, in the order of the catalog."""
    for method in methods(family):
        yield Entry(method), method_figure(method)
