"""What every mark of a plot has: a declaration, and how it is bound, looks and is drawn."""
from toolkit._core.arguments import shown
from toolkit.live.style import ROLES

__all__ = ["Mark", "check_role", "expression", "name_of", "not_computed", "read_by", "word"]


class Mark:
    """Base of the marks. Each brings, in its own module:

    - ``names()``: the values that it shows,
    - ``binding(plot)``: what fills its slots, as JSON, and ``fill(binding, values)``, which fills them,
    - ``look(plot)``: how it looks, as JSON, and ``svg(look, frame, slots, labels)``, which draws it on a page and tells
      `Labels` what it covers and which words it brings,
    - ``sample(look, x, middle)``: its sample in the legend, where it has one,
    - ``plotly_data()`` and ``plotly_slots(plot, slots, placed)``: the same for Plotly, as any number of its traces.

    The part of the same name in assets/runtime fills and draws it in the page, in the same way. `fill` and `svg` take
    nothing but JSON, as that part does.
    """

    fills = ""  # kind of its binding; several marks may share one
    draws = ""  # kind of its look

    def check(self, plot):
        """Refuse axes on which it cannot stand."""

    def plain(self, maker, plot):
        """This mark bound to arrays and numbers: a mark of a function asks `maker` to compute them."""
        return self

    def fitted(self, outputs):
        """This mark with the sizes of the arrays that it shows, name -> `Array`."""
        return self

    def words(self):
        """The words on the x axis that it brings."""
        return []

    def entries(self):
        """Its names in the legend, as far as they are known before it is bound."""
        return []

    @staticmethod
    def sample(look, x, middle):
        return ""


def check_role(role):
    if role not in ROLES:
        raise ValueError(f"role is {shown(role)}; allowed: {', '.join(map(repr, ROLES))}")


def read_by(*given):
    """The names and expressions among what a mark was given."""
    return {name for name in given if isinstance(name, str)}


def expression(given):
    """A place that a mark was given: a name, an expression, or a number as one."""
    return given if given is None or isinstance(given, str) else repr(float(given))


def name_of(function):
    """The name of a function or kernel, or a name."""
    return function if isinstance(function, str) else getattr(function, "py_func", function).__name__


def not_computed(mark):
    """The error for a mark of a function that nothing computes."""
    return ValueError(f"{type(mark).__name__} shows a function; allowed in live_figure, and in a simulation marks of"
                      " its outputs and controls")


def word(mark, position):
    """Plotly's trace for a word beside a mark."""
    return {"type": "scatter", "mode": "text", "showlegend": False, "hoverinfo": "skip",
            "textposition": position, "textfont": {"color": f"${mark.role}-word"}}
