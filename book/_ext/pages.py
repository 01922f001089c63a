"""Pages that compute: each runs once in a Jupyter kernel, which also compiles its figures.

As many pages run at once as there are processors. The results are kept until something that they are made of changes.

A page depends on its code cells, on the files of the toolkit that they can reach by their imports, on recordings, on
the data files that they name, and on the lock. Words around the cells do not count.
"""
import asyncio
import json
import os
import re
import sys
import time
from functools import cache, cached_property
from pathlib import Path

# jsonschema would compile a grammar for internationalised addresses in each process, for more than a second.
sys.modules.setdefault("rfc3987_syntax", None)

from sources import ROOT, digest

from toolkit._core.stamp import digest_of, files_behind

__all__ = ["Page", "PageFailed", "all_pages", "make"]

KEPT = ROOT / "_build/.pages"
SECONDS = KEPT / "seconds.json"
EXERCISES = ROOT / "toolkit/course/exercises"
# What cells read besides modules: all of them, and those that name the file.
DATA = ("toolkit/**/*.npz", "requirements.lock", "book/_ext/pages.py")
NAMED = ("notebooks/data/*", "benchmarks/*.json")
TIMEOUT = 600  # seconds for a cell, on a busy machine
# About how many seconds a page takes that has not run here yet.
SHORT, LONG = 30, {"book/gallery_softmax": 90, "book/gallery_activations": 80, "book/gallery_losses": 60,
                   "book/gallery_others": 60, "notebooks/grokking_live": 160, "notebooks/one_family": 160}


class PageFailed(RuntimeError):
    """A cell failed, or a kernel cannot be compiled for the page; the message says where."""


class Page:
    """A notebook, or a MyST page with code cells.

    Attributes
    ----------
    source : Path
    key : str
        Digest of all that the results depend on.
    """

    def __init__(self, source, data=None):
        self.source = Path(source).resolve()
        inside = self.source.relative_to(ROOT) if ROOT in self.source.parents else Path(self.source.name)
        self.name = inside.with_suffix("").as_posix()
        self._data = data or digest(DATA)

    def read(self):
        import nbformat

        text = self.source.read_text(encoding="utf-8")
        if self.source.suffix == ".ipynb":
            return nbformat.reads(text, as_version=4)
        from myst_nb.core.read import read_myst_markdown_notebook

        return read_myst_markdown_notebook(text)

    @cached_property
    def cells(self):
        return [cell for cell in self.read().cells if cell.cell_type == "code"]

    @cached_property
    def key(self):
        code = "\n".join(cell.source for cell in self.cells)
        named = [file for pattern in NAMED for file in sorted(ROOT.glob(pattern)) if file.name in code]
        files = [*_files_behind(code), *named]
        said = [json.dumps([cell.source, cell.metadata.get("tags", [])]) for cell in self.cells]
        return digest_of(self.name, sys.version, self._data, *said, *map(_digest_of_file, files))

    def _kept(self, ending):
        return KEPT / f"{self.name.replace('/', '.')}-{self.key}{ending}"

    @property
    def executed(self):
        """The notebook with its outputs."""
        return self._kept(".ipynb")

    @property
    def module(self):
        """The block with the page's WebAssembly module, empty of a page without figures."""
        return self._kept(".html")

    @property
    def is_made(self):
        """Whether both results are there, and whole."""
        from toolkit.live.page import is_kept

        return isinstance(kept_json(self.executed, None), dict) and is_kept(self.module)

    def forget_others(self):
        """Remove results that have another key."""
        for file in KEPT.glob(f"{self.name.replace('/', '.')}-*"):
            if file not in (self.executed, self.module, self.module.with_suffix(".kernels")):
                file.unlink()


def kept_json(file, otherwise):
    """What a JSON file holds; `otherwise` where it is missing or damaged, for it can be made again."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return otherwise


@cache
def _digest_of_file(file):
    return f"{file.relative_to(ROOT).as_posix()} {digest_of(file.read_text(encoding='utf-8'))}"


def _files_behind(code):
    """The toolkit's files that a page's code depends on; of the exercises those that it checks."""
    checked = set(re.findall(r"check\(\s*[\"']([^\"']+)", code))
    files = files_behind(code, leaves=[EXERCISES / "__init__.py"])
    if EXERCISES / "__init__.py" in files:
        for module in EXERCISES.glob("*.py"):
            text = module.read_text(encoding="utf-8")
            if module.stem == "_check" or any(f'"{name}"' in text for name in checked):
                files |= files_behind(f"import toolkit.course.exercises.{module.stem}")
    return sorted(files)


def all_pages():
    """The pages that have code cells."""
    from myst_nb.core.read import is_myst_markdown_notebook

    data = digest(DATA)
    texts = [path for path in ROOT.glob("book/*.md") if is_myst_markdown_notebook(path.read_text(encoding="utf-8"))]
    return [Page(path, data) for path in sorted([*ROOT.glob("notebooks/*.ipynb"), *texts])]


def make(pages, processes=None):
    """Run those pages whose results are missing or stale; raises PageFailed when one fails, after all have run."""
    waiting = [page for page in pages if not page.is_made]
    if waiting:
        KEPT.mkdir(parents=True, exist_ok=True)
        asyncio.run(_make(waiting, processes or os.cpu_count() or 1))
    for page in pages:
        page.forget_others()


async def _make(pages, processes):
    seconds = kept_json(SECONDS, {})
    expected = {page.name: seconds.get(page.name, LONG.get(page.name, SHORT)) for page in pages}
    pages = sorted(pages, key=lambda page: -expected[page.name])  # the longest first: no processor waits at the end
    slots, done, failures, start = asyncio.Semaphore(processes), [], [], time.monotonic()

    async def run(page):
        async with slots:
            begun = time.monotonic()
            try:
                await _run(page)
            except PageFailed as failure:
                failures.append(str(failure))
            seconds[page.name] = round(time.monotonic() - begun, 1)
            done.append(page.name)
            part = sum(expected[name] for name in done) / sum(expected.values())
            left = (time.monotonic() - start) * (1 - part) / part
            print(f"[{len(done)}/{len(pages)}] {page.name}: {seconds[page.name]:.0f} s"
                  + (f", about {left:.0f} s left" if len(done) < len(pages) else ""), flush=True)

    print(f"Running {len(pages)} pages in {processes} processes.", flush=True)
    await asyncio.gather(*map(run, pages))
    SECONDS.write_text(json.dumps(seconds, indent=1, sort_keys=True), encoding="utf-8")
    if failures:
        raise PageFailed("\n\n".join(failures))


async def _run(page):
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    notebook = page.read()
    # A page ends with the module of all figures that its cells have made.
    last = nbformat.v4.new_code_cell(f"from toolkit.live.page import keep_module\nkeep_module({str(page.module)!r})")
    notebook.cells.append(last)
    # Times in the cells' metadata would hide from jupyter-cache that they are the page's.
    client = NotebookClient(notebook, timeout=TIMEOUT, kernel_name="python3", record_timing=False,
                            resources={"metadata": {"path": str(page.source.parent)}})
    try:
        await client.async_execute(env=_environment())
    except (CellTimeoutError, DeadKernelError) as error:
        raise PageFailed(f"{page.source.name}: {error}") from error
    except CellExecutionError as error:
        raise PageFailed(_words_of(error, page, notebook)) from None
    notebook.cells.pop()
    partial = page.executed.with_name(page.executed.name + ".partial")
    partial.write_text(nbformat.writes(notebook), encoding="utf-8")
    partial.replace(page.executed)


def _words_of(error, page, notebook):
    """What a failed cell says, with the cell named where Jupyter names a file of its own."""
    from ipykernel.compiler import get_file_name

    name = page.source.name
    numbers = {Path(get_file_name(cell.source)).name: n for n, cell in enumerate(page.cells, start=1)}
    failed = [any(output.output_type == "error" for output in cell.outputs) for cell in notebook.cells
              if cell.cell_type == "code"].index(True) + 1
    compiled = failed > len(page.cells)
    text = f"{name}: {error.ename}: {error.evalue}" if compiled else f"{name}, code cell {failed}: {error}"
    without_colours = re.sub(r"\x1b\[[0-9;]*m", "", text)
    named = re.sub(r"[^\s\"]*ipykernel_\d+[/\\](\d+\.py)",
                   lambda found: f"{name}, code cell {numbers.get(found[1], '?')}", without_colours)
    return re.sub(r"Cell In\[(\d+)\]", rf"{name}, code cell \1", named)


def _environment():
    """Of a page's kernel: no user's startup files reach the book, only errors are logged, compilation says nothing,
    figures give HTML."""
    profile = ROOT / "_build/.ipython/profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "ipython_kernel_config.py").write_text(
        "config = get_config()\nconfig.IPKernelApp.log_level = 'ERROR'\nconfig.HistoryManager.enabled = False\n",
        encoding="utf-8")
    return os.environ | {"IPYTHONDIR": str(profile.parent), "BOOK_BUILD": "1", "TOOLKIT_QUIET": "1"}
