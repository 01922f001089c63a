"""What the chapter *Grokking, live* shows of seeds is what training gives."""
import json

import pytest

from benchmarks.grokking_seeds import FILE, SEEDS, chapter, measure

RECORD = json.loads(FILE.read_text(encoding="utf-8"))


def test_the_record_has_the_runs_of_the_chapter():
    _, stories, longer = chapter()
    assert list(RECORD["stories"]) == list(stories) and list(RECORD["longer"]) == list(longer)
    assert all(len(seeds) == len(SEEDS) for part in RECORD.values() for seeds in part.values())


@pytest.mark.parametrize("story", ["⟂Grad", "Collapse in 30 steps"])
def test_a_recorded_run_comes_out_again(story):
    house, stories, _ = chapter()
    assert measure(house, stories[story], 1) == RECORD["stories"][story][1]
