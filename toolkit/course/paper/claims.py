"""What the paper's figures show, run by run, as read off its published notebook (within a point)."""
from dataclasses import KW_ONLY, dataclass

__all__ = ["CLAIMS", "HEADINGS", "Claim"]

HEADINGS = {
    "figure1": "AdamW groks at once with ⟂Grad, late with StableMax, and never without either",
    "figure2": "the finer the loss's format, the later Softmax Collapse and the better the test accuracy",
    "figure4": "StableMax groks without weight decay on all three tasks",
    "figure6": "⟂Grad generalizes at once where AdamW does not",
}


NEVER = (None, None, None)


@dataclass(frozen=True)
class Claim:
    """One curve of a figure, and its recording.

    Attributes
    ----------
    figure, run : str
    recording : str
        Name in `RECORDINGS`.
    at : int or None
        Epoch at which the paper's test accuracy was read; None where the paper shows no such run.
    test : (low, high)
        That accuracy, %.
    reached : tuple of int or None
        Epochs at which the paper passes 50, 95 and 99 %; None where it does not.
    collapse : str
        Epoch from which the paper has half of the training rows collapsed.
    """

    figure: str
    run: str
    recording: str
    _: KW_ONLY
    at: int | None = None
    test: tuple = (0.0, 0.0)
    reached: tuple = ()
    collapse: str = ""


def _figure2():
    names = {"float16": 0, "float32": 1, "float64": 2}
    shares = {40: ((0.0, 0.5),) * 3, 60: ((15.4, 15.4), (28.0, 30.0), (47.0, 55.0)),
              70: ((48.5, 48.5), (65.0, 69.5), (82.0, 91.0))}
    reached = {60: (NEVER, NEVER, (6200, None, None)), 70: (NEVER, (1900, None, None), (1800, None, None))}
    for percent, tests in shares.items():
        collapse = ("6000", "11500", "7000") if percent == 40 else ("2000", "3000", "7000")
        for name, i in names.items():
            yield Claim("figure2", f"{percent} %, {name}", f"figure2-{percent}-{name}",
                        at=20_000 if percent == 40 else 8000,
                        test=tests[i], reached=reached.get(percent, (NEVER,) * 3)[i], collapse=collapse[i])
        if percent == 40:
            continue
        for seed in (0, 1):
            yield Claim("figure2", f"{percent} %, float32, seed {seed}", f"figure2-{percent}-float32-seed{seed}")
        for tail in ("", "-seed0", "-seed1"):
            seed = tail.replace("-seed", ", seed ")
            yield Claim("figure2", f"{percent} %, float32, complement{seed}",
                        f"figure2-{percent}-complement-float32{tail}")


CLAIMS = (
    Claim("figure1", "a: ⟂AdamW, softmax float32", "figure1a", at=300, test=(100, 100), reached=(98, 110, 120),
          collapse="never"),
    Claim("figure1", "a, as intended: β₂ .99, ε 1e-25", "figure1a-intended"),
    Claim("figure1", "b: AdamW, StableMax float64", "figure1b", at=75_000, test=(98.4, 98.4),
          reached=(34500, 52000, None)),
    Claim("figure1", "c: AdamW, softmax float64", "figure1c", at=80_000, test=(0.0, 0.7), reached=NEVER),
    *_figure2(),
    Claim("figure4", "addition", "figure1b", at=100_000, test=(99.3, 99.3), reached=(34500, 52000, 87000)),
    Claim("figure4", "multiplication", "figure4-multiply", at=100_000, test=(99.0, 99.0),
          reached=(53000, 75000, 95000)),
    Claim("figure4", "sparse parity", "figure4-parity", at=20_000, test=(98.4, 98.4), reached=(0, 14000, 23000)),
    Claim("figure6", "a: transformer, ⟂AdamW", "figure6a-perpgrad-adamw", at=1000, test=(99.0, 100.0),
          reached=(310, 530, 630)),
    Claim("figure6", "a: transformer, ⟂AdamW, as intended", "figure6a-perpgrad-adamw-intended"),
    Claim("figure6", "a: transformer, AdamW, decay 1.5", "figure6a-weight-decay", at=2000, test=(99.0, 100.0),
          reached=(1010, 1260, 1380)),
    Claim("figure6", "a: transformer, AdamW", "figure6a-adamw", at=2000, test=(0.0, 0.4), reached=NEVER),
    Claim("figure6", "b: AdamW", "figure6-adamw", at=500, test=(0.0, 0.8), reached=NEVER, collapse="never"),
    Claim("figure6", "b: ⟂AdamW", "figure6-perpgrad-adamw", at=500, test=(98.7, 99.3), reached=(122, 185, None),
          collapse="never"),
    Claim("figure6", "b: ⟂AdamW, as intended", "figure6-perpgrad-adamw-intended"),
    Claim("figure6", "b: ⟂SGD, StableMax float64", "figure6-perpgrad-sgd", at=500, test=(100, 100),
          reached=(299, 361, 400)),
    Claim("figure6", "beyond: AdamW, weight decay 2, lr .01", "weight-decay-2"),
    Claim("figure6", "beyond: AdamW, weight decay 4, lr .01", "weight-decay-4"),
)
