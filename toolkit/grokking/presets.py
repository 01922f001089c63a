"""Named experiments: the paper's figures, and cheap ones that show the same in seconds.

"As published" means what the published code did. Where its flags said something else, a preset that ends in
``-intended`` does what they said: the official ⟂Grad wrapper handed neither betas nor eps on to AdamW.
"""
from toolkit._core.arguments import chosen
from toolkit.training.experiment import Experiment

__all__ = ["PRESETS", "get_preset"]

# torch on a CPU adds up float32 and float64 in lanes, and float16 in float32, rounded once.
_SUMMATIONS = {"float16": "exact", "float32": "lanes", "float64": "lanes"}
_WRAPPED = {"perp_grad": True, "beta2": 0.999, "eps": 1e-8}
_STABLEMAX64 = {"loss": "stablemax", "loss_format": "float64"}


def _in(loss_format):
    return {"loss_format": loss_format, "summation": _SUMMATIONS[loss_format]}


def _figures():
    """Figures 1, 2, 4 and 6 of arXiv:2501.04697; addition mod 113, two hidden layers of 200 ReLUs."""
    base = Experiment(seed=42)
    yield "figure1a", base.replace(**_WRAPPED, steps=300, log_every=2)
    yield "figure1a-intended", base.replace(perp_grad=True, steps=300, log_every=2)
    yield "figure1b", base.replace(**_STABLEMAX64, beta2=0.999, steps=80_000, log_every=200)
    yield "figure1c", base.replace(**_in("float64"), steps=80_000, log_every=200)
    for percent, eps in ((40, 1e-30), (60, 1e-25), (70, 1e-25)):
        for name in _SUMMATIONS:
            yield f"figure2-{percent}-{name}", base.replace(
                **_in(name), train_fraction=percent / 100, lr=5e-4, eps=eps, steps=20_000, log_every=50)
    figure4 = base.replace(**_STABLEMAX64, beta2=0.999, steps=100_000, log_every=250)
    yield "figure4-add", figure4
    yield "figure4-multiply", figure4.replace(task="multiply")
    yield "figure4-parity", figure4.replace(task="parity", bias=True, train_fraction=0.5, eps=1e-18)
    figure6a = base.replace(model="transformer", widths=(128, 2048), bias=True, lr=1e-3, steps=5000, log_every=20)
    yield "figure6a-perpgrad-adamw", figure6a.replace(**_WRAPPED)
    yield "figure6a-perpgrad-adamw-intended", figure6a.replace(perp_grad=True)
    yield "figure6a-weight-decay", figure6a.replace(weight_decay=1.5)
    yield "figure6a-adamw", figure6a
    figure6 = base.replace(lr=0.005, steps=500, log_every=2)
    yield "figure6-adamw", figure6
    yield "figure6-perpgrad-adamw", figure6.replace(**_WRAPPED)
    yield "figure6-perpgrad-adamw-intended", figure6.replace(perp_grad=True)
    yield "figure6-perpgrad-sgd", figure6.replace(**_STABLEMAX64, training_precision="float64", optimizer="sgd",
                                                  perp_grad=True, lr=10.0, momentum=0.8)


def _small():
    """Addition mod 31, one hidden layer with squared activation: seconds instead of hours."""
    a = Experiment(p=31, widths=(128,), activation="square", train_fraction=0.7, lr=0.02, steps=2500, log_every=10)
    for name in _SUMMATIONS:
        yield f"a-common-{name}", a.replace(**_in(name))
    yield "a-complement-float32", a.replace(form="complement")
    yield "a-stablemax", a.replace(loss="stablemax", beta2=0.999, steps=2000)
    yield "a-weight-decay", a.replace(weight_decay=2.0, steps=100, log_every=1)
    shock = a.replace(lr=0.04, steps=2000)
    yield "a-shock-common-float32", shock
    yield "a-shock-complement-float32", shock.replace(form="complement")
    yield "a-shock-stablemax", shock.replace(loss="stablemax", beta2=0.999)
    b = a.replace(train_fraction=0.8, steps=1500)
    yield "b-common-float32", b.replace(lr=0.04)
    yield "b-stablemax", b.replace(loss="stablemax", beta2=0.999)
    yield "b-weight-decay", b.replace(weight_decay=2.0, steps=60, log_every=1)
    yield "d-perpgrad", a.replace(widths=(512,), lr=0.03, **_WRAPPED, steps=60, log_every=1)


PRESETS = dict([*_figures(), *_small()])


def get_preset(name):
    """The experiment of that name in `PRESETS`."""
    return chosen("name", name, PRESETS)
