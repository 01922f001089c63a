"""Fold in JupyterLab the code that the book folds: cells with a tag for it are marked in the notebooks' metadata."""
import json
from pathlib import Path

ROOT = Path(__file__).parents[1]
TAGS = {"hide-input", "hide-cell", "remove-input", "remove-cell"}


def is_folded_on_the_page(cell):
    return cell["cell_type"] == "code" and bool(TAGS & set(cell["metadata"].get("tags", ())))


def fold(notebook):
    """Mark the cells of a notebook; returns whether any was not marked as the book has it."""
    changed = False
    for cell in notebook["cells"]:
        jupyter, folded = cell["metadata"].get("jupyter", {}), is_folded_on_the_page(cell)
        if jupyter.get("source_hidden", False) != folded:
            changed = True
            jupyter = {name: value for name, value in jupyter.items() if name != "source_hidden"}
            jupyter |= {"source_hidden": True} if folded else {}
            cell["metadata"].pop("jupyter", None)
            cell["metadata"] |= {"jupyter": jupyter} if jupyter else {}
    return changed


def main():
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        if fold(notebook):
            path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            print(f"folded code in {path.name}")


if __name__ == "__main__":
    main()
