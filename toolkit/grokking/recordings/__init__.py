"""Recorded training runs that come with the toolkit: what took hours is read in milliseconds.

`RECORDINGS` says which there should be, as experiments by name; `recorded` loads one. Each is a `Run` in a small file
of its own, thinned, as far as it ran. `comparison` is a whole grid of small runs in one file.
"""
from toolkit.grokking.recordings.comparison import COMPARED, Comparison, comparison, pack
from toolkit.grokking.recordings.curves import Curves, curves
from toolkit.grokking.recordings.registry import RECORDINGS, name_of
from toolkit.grokking.recordings.store import keep, listing, recorded, thinned

__all__ = ["COMPARED", "Comparison", "Curves", "RECORDINGS", "comparison", "curves", "keep", "listing", "name_of", "pack",
           "recorded", "thinned"]
