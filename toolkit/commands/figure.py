"""The command ``figure``: a figure of the book, or of a notebook of your own, as one HTML file."""
from pathlib import Path

from toolkit._core.arguments import shown
from toolkit._core.whole_files import path_to_write

__all__ = ["add_figure", "figure"]

_ROOT = Path(__file__).parents[2]


def add_figure(parser):
    parser.add_argument("chapter", help="page of the book, as vanishing_loss or intro, or a notebook or MyST file")
    parser.add_argument("name", help="name of the figure, as in links to it; a name that is not there lists all")
    parser.add_argument("--out", metavar="FILE", help="file to write (default: the figure's name .html)")
    parser.add_argument("--hide", nargs="+", default=[], metavar="CONTROL", help="controls that nobody sees")
    parser.add_argument("--set", nargs="+", default=[], metavar="CONTROL=VALUE", dest="state",
                        help="where controls stand at first and after Reset; a vector is 1,2,3")


def figure(arguments):
    """Write the file; what to print."""
    from toolkit._core.compile_notice import told_when_long
    from toolkit.live.hosts.file import write_file
    from toolkit.live.page import figure_of, title_of

    source, given = _source(arguments.chapter), arguments.out or f"{arguments.name}.html"
    out = path_to_write(given, (".html",), "--out").absolute()
    with told_when_long(f"running the cells of {source.name} up to the one that makes {arguments.name}"):
        found = figure_of(source, arguments.name)
    preset = found.show(hide=arguments.hide, **_state(found, arguments.state))
    write_file(preset, out, title_of(source))
    return f"{given}: {out.stat().st_size / 1000:.0f} kB"


def _source(chapter):
    """The file of a chapter."""
    given = Path(chapter)
    if given.suffix in (".ipynb", ".md"):
        if not given.is_file():
            raise ValueError(f"{chapter}: no such file")
        return given.absolute()
    pages = {path.stem: path for pattern in ("book/*.md", "notebooks/*.ipynb") for path in sorted(_ROOT.glob(pattern))}
    if not pages:
        raise ValueError("chapter names a page of the book, which is not here; allowed: a .ipynb or .md file")
    if chapter not in pages:
        raise ValueError(f"chapter is {shown(chapter)}; allowed: {', '.join(pages)}, or a .ipynb or .md file")
    return pages[chapter]


def _state(found, said):
    """Control -> value, from texts like "gap=20"."""
    state = {}
    for each in said:
        name, equals, text = each.partition("=")
        if not equals:
            raise ValueError(f"--set has {shown(each)}; allowed: CONTROL=VALUE, with a control of"
                             f" {', '.join(found.controls)}")
        state[name] = _value(found.controls[name], text) if name in found.controls else text
    return state


def _value(control, text):
    """What a control takes, from a text; what it cannot be stays a text, of which the control says what it takes."""
    default = control.default
    if isinstance(default, str):
        return text
    if isinstance(default, bool):
        return {"true": True, "false": False}.get(text.lower(), text)
    try:
        if isinstance(default, list):
            return [float(part) for part in text.split(",")]
        return float(text)
    except ValueError:
        return text
