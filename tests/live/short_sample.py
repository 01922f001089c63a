"""Small figures in the short form: every kind of mark that computes, in a module, so that their kernels are kept."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.numbers import like
from toolkit.elementary import exp, log
from toolkit.live import (
    Axis,
    Bars,
    Choice,
    Curve,
    Format,
    HeatMap,
    Integer,
    Logits,
    Markers,
    Number,
    Plot,
    Readout,
    Rule,
    Slider,
    Toggle,
    live_figure,
)

__all__ = ["FIGURES", "attention", "everywhere", "gap_figure", "weights"]


@kernel
def softmax_row(z, out):
    total = like(0, z)
    for k in range(z.size):
        out[k] = exp(z[k])
        total += out[k]
    for k in range(z.size):
        out[k] /= total


@kernel
def shifted_row(z, tau, out):
    top = z[0]
    for k in range(z.size):
        top = max(top, z[k])
    for k in range(z.size):
        out[k] = (z[k] - top) / tau
    softmax_row(out, out)


@kernel
def loss_of(row_map, z, p):
    row_map(z, p)
    return -log(p[0])


@live_figure(
    controls=[Slider("gap", 0, 30, 17.0, label="gap"), Integer("K", 2, 8, 4, label="classes"),
              Format("fmt", "float32")],
    scratch={"z": 8, "p": 8}, returns=("loss", "rest"),
    plot=Plot((Curve("loss", over="gap", at={"fmt": "float64"}, name="exact", role="truth"),
               Curve("loss", over="gap", label="loss", role="naive"), Curve("rest", over="gap", points=range(0, 31, 3)),
               Curve("loss", over="K", x="rest", between=(2, 8), label="by K", role="third"), Rule(x="gap"), Rule(y=1)),
              x=Axis("gap", (0, 30)), y=Axis("loss", (1e-15, 10), scale="log")),
    readouts=["In {fmt} the loss is {loss:3g}, off by {abs(loss - exact) / exact:2g}.",
              Readout("It is 0.", when="loss == 0 and exact > 0"),
              Readout("Low.", unless="gap > 5 or fmt == 'float16'"),
              "The curve's mean is {sum(loss_over_gap) / 121:4g}, its largest value {max(loss_over_gap)}."],
    caption="Drag the gap.")
def gap_figure(gap, K, z, p):
    z[0] = gap
    loss = loss_of(softmax_row, z[:K], p[:K])
    return loss, 1 - p[0]


weights = live_figure(
    name="weights",
    controls=[Logits("z", (2.0, 1.0, 0.3), low=-10, high=12),
              Slider("tau", 0.1, 4, 1.0, scale="log", label="temperature"), Format("fmt", "float16")],
    plot=(Plot((Bars(softmax_row, label="naive", role="naive"), Bars(shifted_row, label="stable", role="stable"),
                Markers(shifted_row, at={"fmt": "float64"}, name="truth", label="truth", role="truth"),
                Bars(shifted_row, at={"tau": 1.0}, name="warm")),
               x=Axis("class", (0.5, 3.5)), y=Axis("p", (0, 1))),
          Plot((Bars(("softmax_row[0]", "max(shifted_row)", 0.25), x=("first", "most", "a quarter")),
                Rule(y="truth[0] / 2")), x=Axis("", (-0.5, 2.5)), y=Axis("p", (0, 1)))),
    readouts=["{softmax_row[1]:3g} and {shifted_row[1]:3g} instead of {truth[1]:3g}."], caption="Move the logits.")


@kernel
def bowl(x, y, law):
    return x * x + y * y if law == 0 else x * y


@kernel
def wave(x, steep):
    return 1 / (1 + exp(-steep * x))


everywhere = live_figure(
    name="everywhere",
    controls=[Slider("x", -2, 2, 0.5, label="x"), Choice("law", ("sum", "product"), "sum", label="law"),
              Toggle("steep_one", False, label="steep")],
    plot=(Plot((HeatMap(bowl, 6, 9, high=8.0),), x="x", y=Axis("y", (-1, 1), over="y")),
          Plot((Curve(wave, over="x", at={"steep": 2.0}, name="steeper"),
                Curve(bowl, over="x", at={"y": 0.5}, points=np.linspace(-2, 2, 11), name="cut"),
                Rule(x="x")),
               x=Axis("x", (-2, 2)), y=Axis("f", (-4, 4)))),
    numbers=[Number(wave, at={"steep": 1.0})],
    readouts=["{wave:5g}, {steeper:5g}, {cut:5g}", Readout("On.", when="steep_one")], caption="Move x.")


@live_figure(controls=[Slider("beta", 0.1, 10, 1.0, scale="log", label="weight")],
             outputs={"plan": (3, 4), "used": ("i32", 1)}, scratch={"logits": (3, 4)},
             plot=Plot((HeatMap("plan"),), x=Axis("key", (-0.5, 3.5)), y=Axis("query", (-0.5, 2.5))),
             readouts=["{plan[5]:4g} of {used:d}"], caption="Raise the weight.")
def attention(beta, plan, used, logits):
    for i in range(3):
        for j in range(4):
            logits[i, j] = beta * ((i - j) % 3)
        softmax_row(logits[i], plan[i])
        used[0] += 1


@kernel
def growth(c, power):
    return exp(power * log(c))


log_axis = live_figure(
    name="log_axis", controls=[Slider("c", 1, 1000, 10.0, scale="log", label="c"), Format("fmt", "bfloat16")],
    plot=Plot((Curve(growth, at={"power": 0.5}, name="root"),
               Curve(growth, at={"power": 1.0}, label="line", name="truth")),
              x="c", y=Axis("y", (1, 1000), scale="log"), points=31),
    readouts=["{root:6g}"], caption="Move c.")

FIGURES = (gap_figure, weights, everywhere, attention, log_axis)
