"""JupyterLab on a copy of the chapters, in work/: nothing that is tried there changes a chapter.

A copy has its text as JupyterLab can show it, and solutions as folded text, which *Run all* does not run. One with
edits is kept, also when its chapter changes; FRESH=1 puts new copies in their places and keeps the old ones, dated.
"""
import argparse
import hashlib
import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from fold import fold
from plain_markdown import Chapter, sources_of

ROOT = Path(__file__).parents[1]
WORK = ROOT / "work"


def copy_of(chapter, sources):
    """The notebook that opens in the place of a chapter's."""
    notebook = json.loads(chapter.read_text(encoding="utf-8"))
    fold(notebook)
    texts = Chapter(notebook["cells"], sources)
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            cell["source"] = texts.plain(source)
        elif "hide-cell" in cell["metadata"].get("tags", ()):
            title = cell["metadata"].get("mystnb", {}).get("code_prompt_show", "Show the code")
            text = f"<details><summary>{title}</summary>\n\n```python\n{source}\n```\n\n</details>"
            identity = {"id": cell["id"]} if "id" in cell else {}
            cell.clear()
            cell |= {"cell_type": "markdown", "metadata": {}, "source": text} | identity
    return notebook


def digest(notebook):
    """What a person edits: the cells' texts, without what they have shown."""
    said = [(cell["cell_type"], "".join(cell["source"])) for cell in notebook["cells"]]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def bring(chapter, work, made, sources, fresh=False):
    """Bring the copy of a chapter up to date; returns what there is to say about it, or None.

    ``made`` is what the copies were when they were made, name -> digest.
    """
    target, new = work / chapter.name, copy_of(chapter, sources)
    if target.exists():
        try:
            now = digest(json.loads(target.read_text(encoding="utf-8")))
        except (ValueError, KeyError, TypeError):
            now = None
        edited, changed = now != made.get(chapter.name), digest(new) != made.get(chapter.name)
        if not fresh and (edited or not changed):
            return (f"{target.name} has edits and is kept, though its chapter has changed: make lab FRESH=1 opens the "
                    "new one and keeps this one under a date") if edited and changed else None
        if edited:
            kept = target.with_name(f"{target.stem}.{datetime.now():%Y-%m-%d.%H%M%S}.ipynb")
            target.rename(kept)
            _write(target, new)
            made[chapter.name] = digest(new)
            return f"{target.name} is new; the one with edits is now {kept.name}"
    _write(target, new)
    made[chapter.name] = digest(new)
    return None


def _write(target, notebook):
    partial = target.with_suffix(".partial")
    partial.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(target)


def prepare(work=WORK, fresh=False, say=print):
    """Bring all copies up to date."""
    work.mkdir(exist_ok=True)
    ledger = work / ".made.json"
    made = json.loads(ledger.read_text(encoding="utf-8")) if ledger.exists() else {}
    sources = sources_of(ROOT / "book/references.bib")
    for chapter in sorted((ROOT / "notebooks").glob("*.ipynb")):
        said = bring(chapter, work, made, sources, fresh)
        if said:
            say(said)
    ledger.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fresh", action="store_true", help="new copies of all chapters; those with edits stay, dated")
    options, rest = parser.parse_known_args()
    prepare(fresh=options.fresh)
    where = [f"--ServerApp.root_dir={ROOT}", f"--LabApp.default_url=/lab/tree/{WORK.name}"]
    sys.exit(subprocess.call([sys.executable, "-m", "jupyterlab", *where, *rest]))


if __name__ == "__main__":
    main()
