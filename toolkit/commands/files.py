"""Where commands write: a name that they can write under, and a file that is whole or not there."""
from pathlib import Path

from toolkit._core.arguments import shown
from toolkit._core.whole_files import written_whole

__all__ = ["save_path", "written_whole"]


def save_path(text, endings, option="--out"):
    """The path that an option names, None for None; ValueError where nothing of these endings can be written."""
    if text is None:
        return None
    path = Path(text)
    if path.suffix.lower() not in endings:
        raise ValueError(f"{option} is {shown(str(text))}; allowed: a name that ends in {' or '.join(endings)}")
    if path.is_dir():
        raise ValueError(f"{option} is {shown(str(text))}, which is a folder")
    if not path.parent.is_dir():
        raise ValueError(f"{option} is {shown(str(text))}, but there is no folder {shown(str(path.parent))}")
    return path
