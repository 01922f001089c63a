"""The recording of the chapter *What does a layer know?* is what its command makes."""
import base64
import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "information_planes.py"
SPEC = importlib.util.spec_from_file_location("information_planes", SCRIPT)
script = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(script)


@pytest.fixture(scope="module")
def recorded():
    found = json.loads(script.OUT.read_text(encoding="utf-8"))
    return found | {"levels": np.frombuffer(base64.b64decode(found["levels"]), np.uint8).reshape(found["shape"])}


def test_one_run_is_measured_again(recorded):
    x, y = script.task()
    a, seed = recorded["activations"].index("relu"), 6
    run = script.trained("relu", seed, 0.0)
    np.testing.assert_allclose((run["train_accuracy"][-1], run["test_accuracy"][-1]), recorded["accuracy"][a][0][seed],
                               atol=1e-4)
    for at, step in ((0, 0), (-1, -1)):
        t = run.activations(x, 4, at=at).astype(float)
        found = np.array(list(script.rulers(t, y, "relu"))) * script.LEVELS_PER_BIT
        kept = recorded["levels"][a, 0, seed, :, 3, step]
        assert np.abs(found - kept).max() <= 0.5 + 1e-6


def test_it_is_small_and_whole(recorded):
    assert script.OUT.stat().st_size < 100_000
    assert recorded["levels"].shape == (3, 2, script.SEEDS, 4, 4, len(script.STEPS), 2)
    bits = recorded["levels"] / np.array(recorded["levels_per_bit"])
    assert bits[..., 0].max() <= 10 and bits[..., 1].max() <= 1 + 0.002
    assert (bits[:, :, :, :, :, :, 1] <= bits[..., 0] + 0.1).all()
