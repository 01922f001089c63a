"""What the fields of controls, marks and plots may hold, read from their types, before anything is drawn."""
from dataclasses import fields
from numbers import Integral, Real
from typing import get_args

import numpy as np

from toolkit._core.arguments import shown

__all__ = ["check_fields"]

_WORDS = {str: "a text", float: "a number", int: "an integer", bool: "True, False", tuple: "a sequence", dict: "a dict",
          type(None): "None"}


def _is_number(value):
    if not isinstance(value, Real) or isinstance(value, (bool, np.bool_)):
        return False
    try:
        return not np.isnan(float(value))
    except OverflowError:
        return False


_HOLDS = {object: lambda value: True, float: _is_number,
          int: lambda value: isinstance(value, Integral) and not isinstance(value, bool),
          bool: lambda value: isinstance(value, (bool, np.bool_)),
          tuple: lambda value: isinstance(value, (tuple, list)) or isinstance(value, np.ndarray) and value.ndim > 0}


def check_fields(made):
    """Refuse a value of the dataclass instance `made` that is not of its field's type; the error names the field."""
    for each in fields(made):
        kinds, value = get_args(each.type) or (each.type,), getattr(made, each.name)
        if not any(_HOLDS[kind](value) if kind in _HOLDS else isinstance(value, kind) for kind in kinds):
            words = ", ".join(_WORDS.get(kind, getattr(kind, "__name__", str(kind))) for kind in kinds)
            raise TypeError(f"{each.name} is {shown(value)}; allowed: {words}")
