"""Controls of a live figure: each knows its default, what it allows, and what its kernel receives.

A *state* is a plain dictionary of control values as people read them (``{"scale": 30.0, "fmt": "float16"}``);
`argument` turns one value into the kernel's scalar or vector.
"""
from dataclasses import KW_ONLY, asdict, dataclass
from math import isfinite, log10
from typing import ClassVar

import numpy as np

from toolkit._core.arguments import shown
from toolkit.formats import FORMATS, get_format, to_bits
from toolkit.live.fields import check_fields

__all__ = ["Bits", "Choice", "Format", "Integer", "Logits", "Slider", "Toggle"]


def _fail(control, value, allowed):
    raise ValueError(f"control {control.name!r} has value {shown(value)}; allowed: {allowed}")


def _number(control, value):
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        _fail(control, value, f"a number from {control.low} to {control.high}")
    if not (control.low <= value <= control.high):
        _fail(control, value, f"a number from {control.low} to {control.high}")
    return value


@dataclass(frozen=True)
class _Control:
    name: str
    kind: ClassVar[str]
    argument_type: ClassVar[str]

    def __post_init__(self):
        check_fields(self)
        if not self.name.isidentifier():
            raise ValueError(f"control name is {shown(self.name)}; allowed: a Python identifier, the kernel's "
                             "parameter")
        self.check(self.default)

    @property
    def default(self):
        return self.value

    def argument(self, value):
        """The kernel's argument for a checked `value`."""
        return value

    def spec(self):
        """What the page needs to know about this control, as JSON."""
        return {"kind": self.kind, "type": self.argument_type} | asdict(self) | {"value": self.default}


@dataclass(frozen=True)
class Slider(_Control):
    """A real number; ``scale="log"`` spaces the positions evenly in the logarithm.

    The kernel receives a float64.
    """

    low: float
    high: float
    value: float
    _: KW_ONLY
    label: str = ""
    symbol: str = ""
    step: float | None = None
    scale: str = "linear"
    kind = "slider"
    argument_type = "f64"

    def __post_init__(self):
        check_fields(self)
        if self.scale not in ("linear", "log"):
            raise ValueError(f"scale is {shown(self.scale)}; allowed: 'linear', 'log'")
        if not self.low < self.high or (self.scale == "log" and self.low <= 0):
            raise ValueError(f"slider {self.name!r} has low={self.low}, high={self.high}; allowed: low < high"
                             " (and low > 0 on a log scale)")
        if not isfinite(self.high - self.low):
            raise ValueError(f"slider {self.name!r} has low={self.low}, high={self.high}; allowed: finite numbers")
        if self.step is None:
            object.__setattr__(self, "step", 10.0 ** round(log10((self.high - self.low) / 200)))
        super().__post_init__()

    def check(self, value):
        return float(_number(self, value))


@dataclass(frozen=True)
class Integer(_Control):
    """A whole number; the kernel receives an int64."""

    low: int
    high: int
    value: int
    _: KW_ONLY
    label: str = ""
    symbol: str = ""
    step: int = 1
    kind = "integer"
    argument_type = "i32"

    def __post_init__(self):
        check_fields(self)
        if not -2**31 <= self.low <= self.high < 2**31:
            raise ValueError(f"integer {self.name!r} has low={shown(self.low)}, high={shown(self.high)}; allowed: "
                             "low <= high, of 32 bits")
        super().__post_init__()

    def check(self, value):
        if int(_number(self, value)) != value:
            _fail(self, value, f"a whole number from {self.low} to {self.high}")
        return int(value)


@dataclass(frozen=True)
class _OneOf(_Control):
    """A control with `options`, of which one is chosen."""

    argument_type = "i32"

    def __post_init__(self):
        check_fields(self)
        if not len(self.options) or not all(isinstance(each, str) for each in self.options):
            raise TypeError(f"options is {shown(self.options)}; allowed: a sequence of texts, at least one")
        super().__post_init__()

    def check(self, value):
        if not isinstance(value, str) or value not in self.options:
            _fail(self, value, ", ".join(map(repr, self.options)))
        return value


@dataclass(frozen=True)
class Choice(_OneOf):
    """One of a few named options; the kernel receives its index as an int64."""

    options: tuple
    value: str
    _: KW_ONLY
    label: str = ""
    symbol: str = ""
    kind = "choice"

    def argument(self, value):
        return self.options.index(value)


@dataclass(frozen=True)
class Format(_OneOf):
    """A floating-point format; a kernel that names it receives its code, which `in_format` takes."""

    value: str = "float16"
    _: KW_ONLY
    options: tuple = tuple(FORMATS)
    label: str = "number format"
    symbol: str = ""
    kind = "format"

    def argument(self, value):
        return get_format(value).code

    def spec(self):
        return super().spec() | {"codes": [self.argument(option) for option in self.options]}


@dataclass(frozen=True)
class Toggle(_Control):
    """On or off; the kernel receives 1 or 0 as an int64."""

    value: bool = False
    _: KW_ONLY
    label: str = ""
    symbol: str = ""
    kind = "toggle"
    argument_type = "i32"

    def check(self, value):
        if not isinstance(value, (bool, np.bool_)):
            _fail(self, value, "True, False")
        return bool(value)

    def argument(self, value):
        return int(value)


@dataclass(frozen=True)
class Logits(_Control):
    """A short vector of logits, one slider each; the kernel receives a float64 array."""

    values: tuple
    _: KW_ONLY
    low: float = -20.0
    high: float = 20.0
    step: float = 0.1
    label: str = "logits"
    symbol: str = "z"
    kind = "logits"
    argument_type = "f64[]"

    def __post_init__(self):
        check_fields(self)
        self.check(self.values)
        super().__post_init__()

    @property
    def default(self):
        return [float(v) for v in self.values]

    def check(self, value):
        if not isinstance(value, (tuple, list, np.ndarray)) or len(value) != len(self.values):
            _fail(self, value, f"{len(self.values)} numbers from {self.low} to {self.high}")
        return [float(_number(self, v)) for v in value]

    def argument(self, value):
        return np.array(value, dtype=np.float64)


@dataclass(frozen=True)
class Bits(_Control):
    """The bits of one number in `format`, sign first, to flip one by one; the kernel receives them as 0.0 and 1.0."""

    value: object = 1.0
    _: KW_ONLY
    format: str = "float16"
    label: str = "bits"
    symbol: str = ""
    kind = "bits"
    argument_type = "f64[]"

    def __post_init__(self):
        check_fields(self)
        if isinstance(self.value, bool) or not isinstance(self.value, (int, float, np.integer, np.floating)) or (
                isinstance(self.value, int) and abs(self.value) > 2**63):
            raise TypeError(f"value is {shown(self.value)}; allowed: a number")
        super().__post_init__()

    @property
    def default(self):
        pattern = int(to_bits(self.value, self.format))
        return [(pattern >> i) & 1 for i in reversed(range(get_format(self.format).bits))]

    def check(self, value):
        if len(value) != get_format(self.format).bits or any(bit not in (0, 1) for bit in value):
            _fail(self, value, f"{get_format(self.format).bits} bits, each 0 or 1")
        return [int(bit) for bit in value]

    def argument(self, value):
        return np.array(value, dtype=np.float64)

    def spec(self):
        return super().spec() | {"exponent_bits": get_format(self.format).exponent_bits}
