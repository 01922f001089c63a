"""Small live figures that the tests of both hosts share: each kind of control, panel and slot, and a simulation."""
import numpy as np

from toolkit._core.kernel import kernel
from toolkit._core.rounding import rnd
from toolkit.elementary import exp, sigmoid
from toolkit.live import (
    Axis,
    Band,
    Bars,
    Bits,
    Choice,
    Format,
    HeatMap,
    Integer,
    Level,
    Line,
    Logits,
    Markers,
    Plot,
    Readout,
    Rule,
    Slider,
    Toggle,
    live_figure,
    live_simulation,
)

WORDS = ("cat", "dog", "owl")


@live_figure(
    controls=[
        Slider("scale", 1, 100, 2.0, label="logit scale", symbol="s", scale="log"),
        Slider("shift", -5, 5, 0.0, label="shift"),
        Integer("count", 1, 6, 4, label="points"),
        Choice("law", ("power", "sign"), "power", label="law"),
        Format("fmt", "float16"),
        Toggle("broken", False, label="broken"),
        Logits("z", (1.0, 0.0, -1.0), low=-10, high=10),
        Bits("bits", 1.5, format="float16"),
    ],
    outputs={"x": 6, "y": 6, "p": 3, "edge": 1, "far": 1, "zero": 1},
    scratch={"work": 3},
    plot=(
        Plot((Line("y", x="x", label="curve", role="stable", length="count"), Markers("y", x="x", role="naive"),
              Rule(x="edge", label="edge"), Band("edge", "far", label="collapsed")),
             x=Axis("x", (0, 7)), y=Axis("value", (1e-9, 1e3), scale="log")),
        Plot((Bars("p", x=WORDS, label="p", role="first"),), x=Axis("class", (-0.5, 2.5)), y=Axis("p", (0, 1))),
    ),
    readouts=["At scale {scale:3g} in {fmt} the last value is {y[3]:3g}.", Readout("It is exactly 0.", when="zero"),
              Readout("The law is {law}.", unless="broken")],
    caption="Move everything and see everything move.",
)
def everything(scale, shift, count, law, fmt, broken, z, bits, x, y, p, edge, far, zero, work):
    total = 0.0
    for i in range(3):
        work[i] = rnd(exp(rnd(z[i] + shift, fmt)), fmt)
        total = rnd(total + work[i], fmt)
    for i in range(3):
        p[i] = rnd(work[i] / total, fmt)
    for i in range(y.size):
        x[i] = i + 1.0
        y[i] = 1.0 / scale**3 if law == 0 else (scale if i % 2 == 0 else -scale)
        if bits[0] == 1.0:
            y[i] = 0.0
        if broken and i == 1:
            y[i] = (y[i] - y[i]) / 0.0
        if broken and i == 2:
            y[i] = scale / 0.0
    edge[0] = 2.0 + shift / 5.0
    far[0] = 4.0
    zero[0] = 1.0 if y[3] == 0.0 else 0.0


# ---- a simulation: logistic regression on a grid of points, one point per step, drawn at random ---------------------

MOST = 12  # points along an edge


def init(size, weights, pairs, clock, curve, used, wrong, table, loss):
    clock[0] = 1
    for i in range(size * size):
        pairs[2 * i], pairs[2 * i + 1] = i // size, i % size
    weights[0], weights[1] = -0.5, 0.5
    show(size, weights, pairs, curve, used, wrong, table, loss)


@kernel
def show(size, weights, pairs, curve, used, wrong, table, loss):
    total, count = 0.0, 0.0
    for i in range(size * size):
        truth = 1.0 if pairs[2 * i] > pairs[2 * i + 1] else 0.0
        p = sigmoid(weights[0] * pairs[2 * i] + weights[1] * pairs[2 * i + 1] + weights[2])
        table[i] = (2.0 if truth == 1.0 else 0.0) + (1.0 if (p > 0.5) != (truth == 1.0) else 0.0)
        count += 1.0 if (p > 0.5) != (truth == 1.0) else 0.0
        total += (p - truth) ** 2
    loss[0] = total / (size * size)
    wrong[0] = count
    if used[0] < curve.size:
        curve[int(used[0])] = loss[0]
        used[0] += 1.0


def step(rate, size, explode, weights, pairs, clock, curve, used, wrong, table, loss, done):
    if explode:
        raise ValueError("the learner exploded")
    clock[0] = clock[0] * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
    i = int((clock[0] >> np.uint64(33)) % np.uint64(size * size))
    truth = 1.0 if pairs[2 * i] > pairs[2 * i + 1] else 0.0
    error = sigmoid(weights[0] * pairs[2 * i] + weights[1] * pairs[2 * i + 1] + weights[2]) - truth
    weights[0] -= np.float32(rate * error * pairs[2 * i])
    weights[1] -= np.float32(rate * error * pairs[2 * i + 1])
    weights[2] -= np.float32(rate * error)
    show(size, weights, pairs, curve, used, wrong, table, loss)
    if wrong[0] == 0.0:
        done[0] = 1.0


LEVELS = (Level("below", "first", "full"), Level("below, wrong", "first", "cross"), Level("above", "second", "hollow"),
          Level("above, wrong", "second", "dot"))
learner = live_simulation(
    init, step, name="learner",
    controls=[Slider("rate", 0.001, 1.0, 0.005, label="learning rate", scale="log"),
              Integer("size", 2, MOST, 8, label="points per edge"), Toggle("explode", False, label="explode"),
              Slider("pace", 1, 10_000, 300.0, label="steps per second", scale="log")],
    state={"weights": ("f32", 3), "pairs": ("i32", 2 * MOST * MOST), "clock": ("u64", 1)},
    outputs={"curve": 500, "used": 1, "wrong": ("i32", 1), "table": ("f32", MOST * MOST), "loss": 1, "done": 1},
    presets={"Fast": {"rate": 0.5, "pace": 10_000}, "Slow & small": {"rate": 0.001, "size": 4}},
    live=("rate", "pace"), done="done", pace="pace", poster=40,
    plot=(Plot((Line("curve", label="squared error", role="stable", length="used"), Rule(x="used", label="now")),
               x=Axis("step", (1, 500), scale="log"), y=Axis("error", (0, 0.5))),
          Plot((HeatMap("table", "size", "size", levels=LEVELS),),
               x=Axis("a", (-0.5, MOST - 0.5)), y=Axis("b", (-0.5, MOST - 0.5)))),
    readouts=["{wrong:d} points are wrong and the error is {loss:3g}.", Readout("All are right.", when="done")],
    caption="Play, and watch the crosses go.",
)
