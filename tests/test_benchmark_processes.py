"""Libraries in processes of their own: they answer, are missing, break, hang, and none of it is fatal."""
import json
import sys

import pytest

from benchmarks import grid, processes
from benchmarks.processes import Broken, Peer, Pool, find_pythons

FAKE = """
import json, sys, time
name = sys.argv[1]
for line in sys.stdin:
    command = json.loads(line)
    if name == "absent":
        print(json.dumps({"error": "ModuleNotFoundError: no such library"}), flush=True)
    elif command["do"] == "hello":
        print(json.dumps({"answer": {"version": "1", "python": "3", "functions": ["softmax"]}}), flush=True)
    elif command["do"] == "prepare":
        shape = command["shape"]
        value = 0.5 if name != "wrong" else 0.25
        print(json.dumps({"answer": {"seconds": 1e-3, "sample": [[value, value]], "entries": [2]}}), flush=True)
    elif command["do"] == "time" and name == "dies":
        sys.exit(3)
    elif command["do"] == "time" and name == "hangs":
        time.sleep(60)
    elif command["do"] == "time" and name == "raises":
        print(json.dumps({"error": "MemoryError: too large"}), flush=True)
    else:
        print(json.dumps({"answer": 1e-3}), flush=True)
"""


@pytest.fixture
def start(tmp_path):
    script = tmp_path / "fake.py"
    script.write_text(FAKE)
    return lambda name, python, threads: Peer(name, python, threads, 1 if name == "hangs" else 20, script)


def test_a_missing_library_is_named_with_the_reason(start):
    found = find_pythons(["ours", "absent"], [sys.executable, "/no/such/python"], start)
    assert found["ours"][0] == sys.executable
    python, reason = found["absent"]
    assert python is None and "/no/such/python" in reason
    assert "no such library" in find_pythons(["absent"], [sys.executable], start)["absent"][1]


def test_a_library_that_breaks_is_reported_and_the_others_go_on(start):
    names = ["ours", "good", "dies", "hangs", "raises", "wrong", "absent"]
    found = find_pythons(names, [sys.executable], start)
    broken, results = [], {}
    with Pool(found, 1, broken, start) as pool:
        grid.measure_grid(pool, results, 0.01, ("softmax",), ("float32",), (((1, 8), 1), ((2, 4), 1)))
        assert set(pool.members) == {"ours", "good", "raises", "wrong"}
    for cell in results["softmax"]["float32"]["1"].values():
        assert set(cell) == {"ours", "good"}
    text = "\n".join(broken)
    for sentence in ("dies, 1 thread, time softmax: its process ended", "hangs, 1 thread, time softmax: no answer",
                     "raises, 1 thread", "MemoryError", "wrong, softmax float32 1x8: its results are not ours"):
        assert sentence in text, text


def test_processes_are_ended(start):
    with Pool(find_pythons(["ours"], [sys.executable], start), 1, [], start) as pool:
        peer = pool.members["ours"]
        assert peer.alive
    assert not peer.alive
    with pytest.raises(Broken, match="its process ended"):
        peer.ask("hello")


def test_the_real_worker_answers_in_json():
    peer = Peer("NumPy", sys.executable, 1)
    try:
        assert "softmax" in peer.ask("hello")["functions"]
        answer = peer.ask("prepare", function="cross_entropy_and_grad", dtype="float32", shape=[4, 3], axis=0)
        assert [len(part) for part in answer["sample"]] == answer["entries"] == [1, 12]
        assert peer.ask("time", function="cross_entropy_and_grad", calls=2) > 0
        with pytest.raises(Broken, match="KeyError"):
            peer.ask("prepare", function="nothing", dtype="float32", shape=[4, 3], axis=1)
        assert peer.alive
    finally:
        peer.close()
    assert json.dumps(answer)


def test_the_module_names_its_worker():
    assert processes.WORKER.exists()
