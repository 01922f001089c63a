"""A `Plot` for JupyterLab: its Plotly description, and where filled slots go in it."""
from toolkit.live.plot import Band, Bars, Line, Markers, Rule
from toolkit.live.style import ROLES

__all__ = ["attributes", "description"]

_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"


def description(plot):
    """Plotly's ``{"data", "layout"}`` with empty slots and ``"$role"`` for colours; two Plotly traces per trace."""
    data = [drawn for trace in plot.traces for drawn in _DATA[type(trace)](trace)]
    layout = {
        "xaxis": _axis(plot.x), "yaxis": _axis(plot.y), "height": plot.height, "barmode": "group", "bargap": 0.25,
        "dragmode": False, "hovermode": "closest", "showlegend": True, "margin": {"l": 56, "r": 16, "t": 30, "b": 48},
        "paper_bgcolor": "$ground", "plot_bgcolor": "$ground",
        "font": {"family": _FONT, "size": 14, "color": "$text"},
        "legend": {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "bgcolor": "rgba(0,0,0,0)"},
        "hoverlabel": {"bgcolor": "$ground", "font": {"color": "$text"}},
    }
    return {"data": data, "layout": layout}


def attributes(filled):
    """Filled slots as attributes of the Plotly traces in order, ``{"x": ..., "marker_symbol": ...}`` each."""
    for slots in filled:
        if "rail" in slots:
            rail = slots["rail"]
            yield {"x": slots["x"], "y": slots["y"]}
            yield {"x": rail["x"], "y": rail["y"], "text": rail["text"], "marker_symbol": rail["symbol"]}
        elif "middle" in slots:
            left_right, low_high = slots["x"], slots["y"]
            yield {"x": [x for x in left_right for _ in (0, 1)], "y": [*low_high, *reversed(low_high)]}
            yield {"x": [slots["middle"]], "y": low_high[1:], "text": [slots["text"]]}
        else:
            yield {"x": slots["x"], "y": slots["y"]}
            yield {"x": slots["x"][1:], "y": slots["y"][1:], "text": [slots["text"]]}


def _axis(axis):
    shown = {
        "title": {"text": axis.title}, "type": axis.scale, "range": axis.edges()[0], "fixedrange": True,
        "showgrid": False, "zeroline": False, "automargin": True, "ticks": "outside", "ticklen": 4,
        "linecolor": "$line", "tickcolor": "$line", "showline": True,
    }
    if axis.ticks or axis.scale == "log":
        ticks = axis.ticks or axis.power_ticks()
        shown |= {"tickmode": "array", "tickvals": list(ticks), "ticktext": list(ticks.values())}
    return shown


def _base(trace, **more):
    return {"type": "scatter", "name": trace.label, "showlegend": bool(trace.label), "hoverinfo": "x+y+name"} | more


def _rail(trace):
    colour = f"${trace.role}"
    return {"type": "scatter", "mode": "markers+text", "showlegend": False, "name": trace.label,
            "hoverinfo": "x+text+name", "textposition": "top center", "cliponaxis": False, "textfont": {"color": colour},
            "marker": {"color": colour, "size": 10, "line": {"color": colour, "width": 2}}}


def _line(trace):
    role = ROLES[trace.role]
    line = {"color": f"${trace.role}", "dash": role.dash, "width": role.width}
    return [_base(trace, mode="lines", line=line), _rail(trace)]


def _markers(trace):
    marker = {"color": f"${trace.role}", "symbol": ROLES[trace.role].symbol, "size": 9}
    if trace.role == "truth":
        marker |= {"size": 26, "line": {"color": "$truth", "width": 2}}
    return [_base(trace, mode="markers", marker=marker), _rail(trace)]


def _bars(trace):
    pattern = {"shape": ROLES[trace.role].pattern, "fgcolor": "$ground", "size": 7, "solidity": 0.35}
    return [_base(trace, type="bar", marker={"color": f"${trace.role}", "pattern": pattern}), _rail(trace)]


def _word(trace, position):
    return {"type": "scatter", "mode": "text", "showlegend": False, "hoverinfo": "skip", "textposition": position,
            "textfont": {"color": f"${trace.role}"}}


def _rule(rule):
    line = {"color": f"${rule.role}", "dash": ROLES[rule.role].dash, "width": 1.5}
    drawn = {"type": "scatter", "mode": "lines", "showlegend": False, "hoverinfo": "skip", "line": line}
    return [drawn, _word(rule, "bottom right" if rule.x else "top left")]


def _band(band):
    pattern = {"shape": "/", "fgcolor": f"${band.role}", "bgcolor": "rgba(0,0,0,0)", "size": 9, "solidity": 0.12}
    region = {"type": "scatter", "mode": "lines", "fill": "toself", "showlegend": False, "hoverinfo": "skip",
              "line": {"width": 0}, "fillcolor": "rgba(0,0,0,0)", "fillpattern": pattern}
    return [region, _word(band, "bottom center")]


_DATA = {Line: _line, Markers: _markers, Bars: _bars, Rule: _rule, Band: _band}
