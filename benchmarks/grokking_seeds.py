"""The stories of the chapter *Grokking, live* for three seeds, and four of its runs for a thousand steps.

    python -m benchmarks.grokking_seeds

trains them as the chapter's cells describe them and keeps what they gave in notebooks/data/grokking_seeds.json. Takes
about five minutes.
"""
import ast
import json
from pathlib import Path

from tqdm import tqdm

from toolkit.live.page import code_cells
from toolkit.training import Experiment, train

CHAPTER = Path(__file__).parents[1] / "notebooks/grokking_live.ipynb"
FILE = CHAPTER.parent / "data/grokking_seeds.json"
SEEDS = (0, 1, 2)
NAMES = ("HOUSE", "STORIES", "LONGER")


def chapter():
    """What the chapter calls HOUSE, STORIES and LONGER."""
    found = {"Experiment": Experiment}
    for cell in code_cells(CHAPTER):
        for statement in ast.parse(cell).body:
            if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) in NAMES:
                exec(ast.unparse(statement), found)
    return [found[name] for name in NAMES]


def told(run):
    """When the unseen sums were right, the most and the last of them that were, and when half of the losses were 0."""
    unseen = run["test_accuracy"]
    return {"grokked": run.first_step("test_accuracy", 0.95), "best": round(float(unseen.max()), 4),
            "last": round(float(unseen[-1]), 4), "dead": run.first_step("zero_loss", 0.5)}


def measure(house, changes, seed):
    return told(train(house.replace(**changes, seed=seed), progress=False))


def main():
    house, stories, longer = chapter()
    tasks = [(part, name, house.replace(**more), changes, seed)
             for part, named, more in (("stories", stories, {}), ("longer", longer, {"steps": 1000, "log_every": 50}))
             for name, changes in named.items() for seed in SEEDS]
    record = {"stories": {}, "longer": {}}
    for part, name, start, changes, seed in tqdm(tasks, unit="run"):
        record[part].setdefault(name, []).append(measure(start, changes, seed))
    FILE.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
