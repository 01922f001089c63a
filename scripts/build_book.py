"""Build the book into _build/html, with warnings as errors; does nothing when nothing has changed."""
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book/_ext"))
from sources import BOOK, digest  # noqa: E402

BUILD = ROOT / "_build"
FIRST_PAGE = BUILD / "html/index.html"
STAMP = BUILD / "built"


def build():
    """Build if the sources changed since the last build; raises CalledProcessError when that fails."""
    sources = digest(BOOK)
    if FIRST_PAGE.exists() and STAMP.exists() and STAMP.read_text() == sources:
        return
    STAMP.unlink(missing_ok=True)
    jupyter_book = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()"]
    try:
        subprocess.run([*jupyter_book, "build", str(ROOT), "-W", "--keep-going"], check=True, cwd=ROOT)
    except subprocess.CalledProcessError:
        # Pages already read give no second warning: the next build must read them again.
        shutil.rmtree(BUILD / ".doctrees", ignore_errors=True)
        raise
    STAMP.write_text(sources)


if __name__ == "__main__":
    try:
        build()
    except subprocess.CalledProcessError as error:
        sys.exit(f"The book was not built: {error}")
    print(f"\nThe book is built. Its first page:\n    {FIRST_PAGE}\nOpen that file, or serve the book:\n"
          "    make serve    (or: python scripts/serve.py)")
