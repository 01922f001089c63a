"""Build the book into _build/html, with warnings as errors; does nothing when nothing has changed.

python scripts/build_book.py                      the book
python scripts/build_book.py --page sparse_maps   one page of a built book: in seconds, after a changed cell or sentence
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book/_ext"))
from sources import BOOK, digest

from toolkit.commands.console import write_to_any_console

BUILD = ROOT / "_build"
FIRST_PAGE = BUILD / "html/index.html"
STAMP = BUILD / "built"
UNREAD = BUILD / "has-warnings"  # pages already read give no second warning: the next build of the book reads all again
# Without this, jsonschema compiles a grammar for internationalised addresses in each process, more than a second.
JUPYTER_BOOK = "import sys; sys.modules['rfc3987_syntax'] = None; from jupyter_book.cli.main import main; main()"

COLOURS = re.compile(r"\x1b\[[\d;]*m")
WRONG = re.compile(r"\b(WARNING|ERROR|CRITICAL):|\w*Error: \S")
MOST_WRONG = 8  # lines


def build():
    """Build if the sources changed since the last build; raises RuntimeError, such as PageFailed, when that fails."""
    sources = digest(BOOK)
    if FIRST_PAGE.exists() and STAMP.exists() and STAMP.read_text(encoding="utf-8", errors="replace") == sources:
        return
    from pages import all_pages, make

    STAMP.unlink(missing_ok=True)
    if UNREAD.exists():
        shutil.rmtree(BUILD / ".doctrees", ignore_errors=True)
        UNREAD.unlink()
    make(all_pages())
    _run_sphinx()
    STAMP.write_text(sources, encoding="utf-8")


def build_page(name):
    """Bring one page of the built book up to date; the whole book where other pages have other cells or kernels too."""
    sources = {path.stem: path for pattern in ("book/*.md", "notebooks/*.ipynb") for path in ROOT.glob(pattern)}
    if name not in sources:
        sys.exit(f"There is no page {name!r}; there are: {', '.join(sorted(sources))}.")
    document = sources[name].relative_to(ROOT).with_suffix("").as_posix()
    from pages import all_pages, make

    pages = all_pages()
    if FIRST_PAGE.exists() and all(page.is_made for page in pages if page.name != document):
        make([page for page in pages if page.name == document])
        _run_sphinx(BOOK_PAGE=document)
    else:
        build()
    return BUILD / "html" / f"{document}.html"


def _run_sphinx(**environment):
    """Raises RuntimeError with the lines that say what is wrong, which otherwise stand far above the end."""
    wrong = []
    with subprocess.Popen([sys.executable, "-c", JUPYTER_BOOK, "build", str(ROOT), "-W", "--keep-going"], cwd=ROOT,
                          env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, encoding="utf-8", errors="replace") as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            plain = COLOURS.sub("", line).strip()
            if WRONG.search(plain):
                wrong.append(plain.replace(f"{ROOT}{os.sep}", ""))
    if process.returncode:
        UNREAD.touch()
        raise RuntimeError("\n".join(wrong[:MOST_WRONG]) or "see above")


def main():
    write_to_any_console()
    parser = argparse.ArgumentParser(description="Build the book, or one page of it.")
    parser.add_argument("--page", metavar="NAME", help="as in notebooks/NAME.ipynb or book/NAME.md")
    name = parser.parse_args().page
    page = None
    try:
        if name:
            page = build_page(name)
        else:
            build()
    except RuntimeError as error:
        sys.exit(f"\nThe book was not built:\n{error}")
    if page:
        print(f"\nThe page is built:\n    {page}")
        return
    print(f"\nThe book is built. Its first page:\n    {FIRST_PAGE}\nOpen that file, or serve the book:\n"
          "    make serve    (or: python scripts/serve.py)")


if __name__ == "__main__":
    main()
