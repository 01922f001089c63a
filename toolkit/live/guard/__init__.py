"""Kernels that a person has just written, run so that a mistake ends in a sentence: see `guarded_run`."""
from toolkit._core.public import open_modules
from toolkit.live.guard import run
from toolkit.live.guard.run import *

__all__ = [*run.__all__]

open_modules(__name__)
