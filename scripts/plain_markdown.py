"""The text of a chapter as JupyterLab can show it: citations, links into figures, boxes and solutions without MyST."""
import ast
import re
from urllib.parse import unquote_plus

from pybtex.database import parse_file
from pybtex.richtext import Text

__all__ = ["Chapter", "sources_of"]

_ROLE = re.compile(r"(\s*)\{([a-z:]+)\}`([^`]*)`")
_FENCE = re.compile(r"^(?P<fence>`{3,}|:{3,})\{(?P<name>[\w-]+)\} *(?P<title>[^\n]*)\n(?P<body>.*?)^(?P=fence)[ \t]*$",
                    re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[([^\]]*)\]\(([\w./-]*)#([^)\s]*=[^)\s]*)\)")
_ANCHOR = re.compile(r"^\([\w-]+\)=\n", re.MULTILINE)
_TEXTS = ("Choice", "Format")  # controls whose values are texts
_LISTS = ("Logits", "Bits")


def sources_of(path):
    """Key -> author and year, address and whole reference, of a BibTeX file."""
    return {key: _source(entry) for key, entry in parse_file(str(path)).entries.items()}


def _source(entry):
    fields = {name: str(Text.from_latex(text)) for name, text in entry.fields.items()}
    people = [" ".join(str(Text.from_latex(part)) for part in (*person.prelast_names, *person.last_names))
              for person in entry.persons["author"]]
    names = people[0] + (f" and {people[1]}" if len(people) == 2 else " et al." if len(people) > 2 else "")
    address = f"https://doi.org/{fields['doi']}" if "doi" in fields else fields.get("url")
    where = next((fields[name] for name in ("journal", "booktitle", "publisher") if name in fields), None)
    said = f"{names} ({fields['year']}). *{fields['title']}*." + (f" {where}." if where else "")
    return f"{names}, {fields['year']}", address, said


class Chapter:
    """What the texts of one notebook refer to.

    Parameters
    ----------
    cells : list of a notebook's cells
    sources : what `sources_of` gives
    """

    def __init__(self, cells, sources):
        self.sources, self.cited = sources, []
        self.controls = {}
        for cell in cells:
            if cell["cell_type"] == "code":
                self.controls |= _controls_in("".join(cell["source"]))

    def plain(self, text):
        """A cell's text for JupyterLab."""
        text = _ROLE.sub(self._role, _ANCHOR.sub("", text))
        text = _FENCE.sub(self._fenced, text)
        return _LINK.sub(self._link, text)

    def _role(self, found):
        space, role, said = found.groups()
        if "cite" in role:
            return f"{space}({'; '.join(map(self._cited, said.split(',')))})"
        title, _, target = said.rstrip(">").rpartition("<")
        if role in ("doc", "ref") and "/" in target + said:
            return f"{space}[{title.strip() or target or said}]({target or said}.ipynb)"
        return f"{space}{title.strip() or said}"

    def _cited(self, key):
        name, address, _ = self.sources[key.strip()]
        if key.strip() not in self.cited:
            self.cited.append(key.strip())
        return f"[{name}]({address})" if address else name

    def _fenced(self, found):
        name, title, body = found["name"], found["title"].strip(), found["body"]
        if name == "footbibliography":
            return "\n".join(f"- {said} {address or ''}".rstrip()
                             for _, address, said in map(self.sources.get, self.cited))
        body = "\n".join(line for line in body.strip().splitlines() if not re.match(r":[\w-]+:", line))
        heading = title or name.replace("-", " ").capitalize()
        return "\n".join(f"> {line}".rstrip() for line in (f"**{heading}**", "", *body.splitlines()))

    def _link(self, found):
        """A link that sets a figure's controls: here a call does it."""
        title, page, state = found.groups()
        pairs = [part.partition("=")[::2] for part in state.split("&")]
        figures = {name.partition(".")[0] for name, _ in pairs if "." in name}
        if page:
            return f"[{title}]({page})"
        if len(figures) != 1 or not figures <= set(self.controls):
            return title
        figure = figures.pop()
        values = ", ".join(f"{name.partition('.')[2]}={self._value(figure, name.partition('.')[2], value)}"
                           for name, value in pairs if "." in name)
        return f"{title} (`{figure}.show({values})`)"

    def _value(self, figure, control, text):
        text, kind = unquote_plus(text), self.controls[figure].get(control)
        if kind in _TEXTS:
            return f'"{text}"'
        if kind in _LISTS:
            return f"[{text.replace(',', ', ')}]"
        return {"true": "True", "false": "False"}.get(text, text)


def _controls_in(source):
    """Figure -> its controls -> their kinds, of the figures that a cell makes."""
    try:
        tree = ast.parse("\n".join("" if line.startswith(("%", "!")) else line for line in source.split("\n")))
    except SyntaxError:
        return {}
    figures = {}
    for node in tree.body:
        calls = [each for each in ast.walk(node) if isinstance(each, ast.Call)]
        controls = {call.args[0].value: call.func.id for call in calls if isinstance(call.func, ast.Name) and call.args
                    and isinstance(call.args[0], ast.Constant) and call.func.id[0].isupper()}
        names = [key.value.value for call in calls for key in call.keywords
                 if key.arg == "name" and isinstance(key.value, ast.Constant)
                 and getattr(call.func, "id", "") in ("live_figure", "live_simulation")]
        names += [node.name] if isinstance(node, ast.FunctionDef) and node.decorator_list else []
        figures |= dict.fromkeys(names, controls)
    return figures
