"""Small live figures that the tests of both hosts share: every kind of control, panel and slot once."""
from toolkit._rounding import rnd
from toolkit.elementary import exp
from toolkit.live import (Axis, Band, Bars, Bits, Choice, Format, Integer, Line, Logits, Markers, Plot, Readout, Rule,
                          Slider, Toggle, live_figure)

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
