"""The pairs of the page *Coming from ...*: where it says that results agree they do, and where it says that they differ
they do; what is recorded of a peer is what it gives, where it is installed."""
from pathlib import Path

import nbformat
import numpy as np
import pytest

from benchmarks.porting import CLOSE, INPUTS, PAIRS, PEERS, names_of, names_of_ours, recorded, result_of

OURS = names_of_ours()


def agree(ours, theirs):
    ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
    return ours.shape == theirs.shape and np.allclose(ours, theirs, rtol=CLOSE, atol=0, equal_nan=True)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.theirs} {pair.ours}")
def test_a_pair_agrees_unless_it_says_what_differs(pair):
    kept = next(each for each in recorded()[pair.peer]["pairs"]
                if (each["theirs"], each["ours"]) == (pair.theirs, pair.ours))
    assert kept["differs"] == pair.differs
    assert agree(result_of(pair.ours, OURS), kept["gives"]) != bool(pair.differs)


@pytest.mark.parametrize("peer", PEERS)
def test_what_is_recorded_is_what_an_installed_peer_gives(peer):
    kept = recorded()[peer]
    assert len(kept["pairs"]) == sum(pair.peer == peer for pair in PAIRS)
    try:
        names = names_of(peer)
    except ImportError:
        return  # of most peers the record is all there is; SciPy comes with the toolkit
    for pair in kept["pairs"]:
        np.testing.assert_allclose(np.asarray(result_of(pair["theirs"], names), float),
                                   np.asarray(pair["gives"], float), rtol=CLOSE)


def test_the_page_shows_the_numbers_that_the_lines_use():
    page = nbformat.read(Path(__file__).parents[2] / "notebooks/coming_from.ipynb", as_version=4)
    names = {"np": np}
    exec(next(cell.source for cell in page.cells if cell.source.startswith("z = np.array")), names)
    for name, value in INPUTS.items():
        np.testing.assert_array_equal(names[name], value)
        assert names[name].dtype == value.dtype
