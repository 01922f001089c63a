"""Digests of source files: what was built from them is stale when they change."""
import hashlib
from pathlib import Path

__all__ = ["BOOK", "LOOK", "ROOT", "digest"]

ROOT = Path(__file__).resolve().parents[2]
LOOK = ("toolkit/live/**/*", "toolkit/course/assets/*", "book/_ext/*.py", "book/_static/*", "book/_templates/*",
        "requirements.lock")
BOOK = ("toolkit/**/*", "benchmarks/*.json", "requirements.lock", "book/**/*", "notebooks/**/*",
        "_config.yml", "_toc.yml")
_DERIVED = {"__pycache__", ".ipynb_checkpoints"}


def digest(patterns):
    """A short hexadecimal digest of names and contents of all files below the root that match."""
    paths = {path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()}
    total = hashlib.sha256()
    for path in sorted(paths):
        name = path.relative_to(ROOT)
        if not _DERIVED.intersection(name.parts):
            total.update(f"{name.as_posix()}\n{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()[:16]
