"""The chapter's record of every float32 is what its command measures, and says what the chapter says."""
import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.exp_binades import BINADES, is_wrong, measure, methods
from toolkit.elementary import exp

RECORD = json.loads((Path(__file__).parents[2] / "notebooks/data/exp_binades.json").read_text(encoding="utf-8"))
TEXTBOOK = ("two parts", "one ln 2", "degree 5")


@pytest.fixture(scope="module")
def ways():
    # NumPy's code is another one on another processor.
    return {name: fill for name, fill in methods().items() if name != "NumPy"}


@pytest.mark.parametrize(("binade", "sign"), [(-24, 1), (-1, -1), (6, 1), (6, -1)])
def test_a_binade_comes_out_as_recorded(ways, binade, sign):
    points, found = measure(binade, sign, ways)
    side, place = int(sign < 0), BINADES.index(binade)
    assert RECORD["points"][side][place] == points
    for name, (largest, _, wrong, _) in found.items():
        assert RECORD[name]["largest"][side][place] == round(largest, 9)
        assert RECORD[name]["wrong"][side][place] == wrong


def test_the_toolkit_is_correctly_rounded_everywhere():
    assert RECORD["binades"] == list(BINADES)
    assert sum(map(sum, RECORD["points"])) > 500_000_000
    assert RECORD["toolkit"]["worst"][0] <= 0.5
    assert sum(map(sum, RECORD["toolkit"]["wrong"])) == RECORD["toolkit"]["falls"] == 0


def test_the_textbook_has_the_errors_that_the_chapter_names():
    largest = {name: RECORD[name]["worst"][0] for name in TEXTBOOK}
    assert largest["two parts"] < 1 < 60 < largest["one ln 2"] < 70
    assert 5 < largest["degree 5"] < 7
    assert [RECORD[name]["falls"] for name in TEXTBOOK] == [0, 0, 4]


def test_a_wrong_result_is_told_from_the_nearest():
    x = np.float32(-14.56709)
    nearest = exp(x)
    assert not is_wrong(x, nearest)
    assert is_wrong(x, np.nextafter(nearest, np.float32(0))) and is_wrong(x, np.nextafter(nearest, np.float32(1)))
