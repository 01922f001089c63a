"""Recorded training runs that come with the toolkit: what took hours is read in milliseconds.

`RECORDINGS` says which there should be, as experiments by name; `recorded` loads one. Each is a `Run` in a small file
of its own, thinned, as far as it ran. `comparison` is a whole grid of small runs in one file.
"""
from toolkit._core.public import publish
from toolkit.grokking.recordings import comparison as _comparison
from toolkit.grokking.recordings import curves as _curves
from toolkit.grokking.recordings import registry, store
from toolkit.grokking.recordings.comparison import *
from toolkit.grokking.recordings.curves import *
from toolkit.grokking.recordings.registry import *
from toolkit.grokking.recordings.store import *

__all__ = [*_comparison.__all__, *_curves.__all__, *registry.__all__, *store.__all__]

publish(__name__)
