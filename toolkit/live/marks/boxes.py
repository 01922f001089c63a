"""Boxes in a plane, as detectors find them, with their words and numbers."""
from dataclasses import KW_ONLY, dataclass
from math import isfinite

from toolkit._core.arguments import shown
from toolkit.live.fields import check_fields
from toolkit.live.marks._mark import Mark, check_role
from toolkit.live.numbers import format_number
from toolkit.live.style import DASHES, ROLES
from toolkit.live.svg import group, pixel, symbol_at

__all__ = ["Boxes"]

_INSET = 40  # tenths of a pixel from a box's edge to its word


@dataclass(frozen=True)
class Boxes(Mark):
    """Boxes with sides along the axes, each with its word and its value; one of the value 0 has a dashed outline.

    Parameters
    ----------
    z : name of an output, a table (N, 4) or ``4 N`` values: ``x1, y1, x2, y2`` of each box
    value : name of an output with a number for each box, which is written into it; the fill is the stronger, the
        nearer it is to 1
    texts : sequence of str, a word for each box
    length : name of a control or output that says how many boxes are in use
    drag : names of two sliders, which take the place of the first box's middle when a reader drags it on a page. In
        JupyterLab the sliders alone move it.
    """

    z: str
    _: KW_ONLY
    value: str | None = None
    texts: tuple = ()
    label: str = ""
    role: str = "first"
    length: str | None = None
    drag: tuple | None = None
    fills = draws = "boxes"

    def __post_init__(self):
        check_fields(self)
        check_role(self.role)
        if not isinstance(self.z, str):
            raise TypeError(f"z is {shown(self.z)}; allowed: the name of an output")
        if not isinstance(self.texts, (tuple, list)) or not all(isinstance(word, str) for word in self.texts):
            raise TypeError(f"texts is {shown(self.texts)}; allowed: a sequence of texts")
        if self.drag is not None and len(self.drag) != 2:
            raise ValueError(f"drag is {shown(self.drag)}; allowed: the names of two sliders")

    def check(self, plot):
        if "log" in (plot.x.scale, plot.y.scale):
            raise ValueError("boxes stand on a log axis; allowed: linear axes, x and y")

    def names(self):
        return {name for name in (self.z, self.value, self.length, *(self.drag or ())) if name is not None}

    def entries(self):
        return [self.label] if self.label else []

    def binding(self, plot):
        return {"kind": "boxes", "z": self.z, "value": self.value, "texts": list(self.texts), "length": self.length}

    @staticmethod
    def fill(binding, values):
        given = list(values[binding["z"]])
        count = len(given) // 4 if binding["length"] is None else int(values[binding["length"]][0])
        edges = [given[4 * i:4 * i + 4] for i in range(count)]
        value = None if binding["value"] is None else list(values[binding["value"]])[:count]
        return {"x": [(x1 + x2) / 2 for x1, _, x2, _ in edges], "y": [(y1 + y2) / 2 for _, y1, _, y2 in edges],
                "edges": edges, "value": value, "texts": binding["texts"]}

    def look(self, plot):
        role = ROLES[self.role]
        return {"kind": "boxes", "role": self.role, "name": self.label, "width": round(10 * role.width)} | (
            {"drag": list(self.drag)} if self.drag else {})

    @staticmethod
    def svg(look, frame, slots, labels):
        body = ""
        for i, (x1, y1, x2, y2) in enumerate(slots["edges"]):
            if not all(map(isfinite, (x1, y1, x2, y2))):
                continue
            left, right = sorted((pixel(frame["x"], x1), pixel(frame["x"], x2)))
            top, bottom = sorted((pixel(frame["y"], y1), pixel(frame["y"], y2)))
            value = 1 if slots["value"] is None else slots["value"][i]
            shade = round_half_up(30 * min(max(value, 0), 1)) if value == value else 0
            dash = "" if value != 0 else DASHES["dash"]
            body += (f'<rect x="{left}" y="{top}" width="{right - left}" height="{bottom - top}"'
                     f' fill-opacity="{shade}%" stroke-width="{look["width"]}" stroke-dasharray="{dash}"/>')
            if i == 0 and "drag" in look:
                body += symbol_at((left + right) // 2, (top + bottom) // 2, "cross")
            for edge in ((left, top, left, bottom), (right, top, right, bottom), (left, top, right, top),
                         (left, bottom, right, bottom)):
                labels.box(*edge)
            places = [(x, y, side) for y in (top + 130, bottom - _INSET, top - _INSET, bottom + 130)
                      for x, side in ((left + _INSET, "start"), (right - _INSET, "end"))]
            labels.word(look, said_of(slots, i), places, 1)
        return group(look, "boxes", body)

    @staticmethod
    def sample(look, x, middle):
        return group(look, "boxes", f'<rect x="{x + 3}" y="{middle - 7}" width="20" height="14" fill-opacity="20%"'
                                    f' stroke-width="2"/>')

    def plotly_data(self):
        outline = {"type": "scatter", "mode": "lines", "hoverinfo": "skip", "showlegend": False,
                   "line": {"color": f"${self.role}", "width": ROLES[self.role].width}}
        named = {"name": self.label, "showlegend": bool(self.label)}
        words = {"type": "scatter", "mode": "text", "showlegend": False, "hoverinfo": "skip",
                 "textposition": "bottom right", "textfont": {"color": f"${self.role}-word"}}
        return [outline | named, outline | {"line": outline["line"] | {"dash": "dash"}}, words]

    def plotly_slots(self, plot, slots, placed):
        value = slots["value"] or [1] * len(slots["edges"])
        full, dashed = ([edges for edges, v in zip(slots["edges"], value) if (v == 0) == empty]
                        for empty in (False, True))
        corners = {"x": [min(x1, x2) for x1, _, x2, _ in slots["edges"]],
                   "y": [max(y1, y2) for _, y1, _, y2 in slots["edges"]],
                   "text": [said_of(slots, i) for i in range(len(slots["edges"]))]}
        return [outlines(full), outlines(dashed), corners]


def round_half_up(x):
    return int(x + 0.5)


def said_of(slots, i):
    """The word of a box, and its value to two digits."""
    said = slots["texts"][i:i + 1]
    if slots["value"] is not None:
        said = [*said, format_number(slots["value"][i], "2g")]
    return " ".join(said)


def outlines(boxes):
    """Lines around boxes, with a gap behind each, as Plotly takes them."""
    x = [at for x1, _, x2, _ in boxes for at in (x1, x2, x2, x1, x1, None)]
    y = [at for _, y1, _, y2 in boxes for at in (y1, y1, y2, y2, y1, None)]
    return {"x": x, "y": y}
