"""A figure in a notebook's output: a picture in words and lines, and the page's own figure where scripts run.

So it shows in what nbconvert makes, in other editors and where notebooks are only read. The styles and scripts come
with the first figure of a kernel and serve all; every figure brings the WebAssembly of its own kernels. In JupyterLab
widgets around the native kernel take its place (`Mount`), as long as there is a kernel.
"""
import base64
import json
import sys
import zlib
from functools import cache
from hashlib import sha256
from html import escape

import anywidget
import traitlets
from ipywidgets import Widget, widget_serialization

from toolkit.live.drawing import WIDTHS, plot_svg
from toolkit.live.hosts.cells import cell_name, in_kernel
from toolkit.live.hosts.page import figure_html
from toolkit.live.page import kept_module, kernels_of, module_data
from toolkit.live.runtime import asset, figure_styles, picture_styles, runtime_script, simulation_script
from toolkit.live.slots import fill_slots
from toolkit.live.style import css_variables
from toolkit.live.wasm import UnsupportedInWebAssembly

__all__ = ["Mount", "output_html", "picture_svg", "place_html"]

_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"
_refused = {}  # digest of a figure's kernels -> what WebAssembly lacks for them
_DARK = ('[data-jp-theme-light="false"] .live-output', "body.vscode-dark .live-output")


class Mount(anywidget.AnyWidget):
    """Puts a box of widgets into the output of the same key."""

    _esm = asset("mount.js")
    key = traitlets.Unicode().tag(sync=True)
    box = traitlets.Instance(Widget).tag(sync=True, **widget_serialization)


def _packed(text):
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


@cache
def _runtime():
    """Version, and styles and scripts of all figures, packed."""
    light = css_variables("light")
    styles = (f".live-output {{ {light} }} {', '.join(_DARK)} {{ {css_variables('dark')} }}"
              f" @media print {{ :root .live-output.live-output {{ {light} }} }}\n"
              + picture_styles() + figure_styles() + asset("output.css"))
    scripts = simulation_script() + runtime_script()
    text = json.dumps({"styles": styles, "scripts": scripts})
    return sha256(text.encode()).hexdigest()[:12], _packed(text)


class _Carrier:
    """Whose output brings styles and scripts for all: a cell's, or a figure's where cells have no names."""

    name = None


def picture_svg(plots, values):
    """Plots as one picture that needs no style sheet."""
    width, parts, top = WIDTHS["wide"], "", 0
    for plot in plots:
        drawn = plot_svg(plot, "wide", fill_slots(plot.bindings(), values))
        parts += drawn.replace("<svg ", f'<svg y="{top}" width="{width}" height="{plot.height}" ', 1)
        top += plot.height
    style = f"svg {{ {css_variables('light')} font: 14px {_FONT}; fill: var(--live-text); }}\n" + picture_styles()
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {top}" width="{width}" height="{top}">'
            f'<style>{escape(style, quote=False)}</style><rect width="{width}" height="{top}" fill="#fff"/>'
            f"{parts}</svg>")


def place_html(key, picture, sentence, caption, live=None):
    """The output: a picture in words and lines, and what brings it to life."""
    source = "data:image/svg+xml;base64," + base64.b64encode(picture.encode()).decode()
    script = f"{asset('output.js').strip()}({json.dumps(key)}, {json.dumps(live)});".replace("</", "<\\/")
    return (f'<div class="live-output" data-live-output="{key}"><div class="live-place">'
            f"{sentence and f'<p><strong>{escape(sentence)}</strong></p>'}"
            f'<p><img alt="{escape(caption)}" style="max-width: 100%" src="{source}"></p>'
            f"<p>{escape(caption)}</p></div><script>\n{script}\n</script></div>")


def output_html(figure, values, key):
    """The output of a figure whose `values` are those of its first state."""
    version, runtime = _runtime()
    module = _module_of(figure)
    live = {"version": version, "figure": _packed(figure_html(figure, values, key)), "module": module}
    name = cell_name() or figure.name
    if _Carrier.name in (None, name) or not in_kernel():
        _Carrier.name = name
        live["runtime"] = runtime
    plots = [figure.hidden.plot(plot) for plot in figure.plots]
    return place_html(key, picture_svg(plots, values), figure.sentence(values), figure.caption, module and live)


def _module_of(figure):
    """What the page's runtime needs; None where WebAssembly lacks something, which is said under the cell.

    The figure then runs natively here, and is a picture elsewhere.
    """
    kernels = kernels_of(figure.entry_points)
    if kernels not in _refused:
        try:
            return module_data(kept_module(figure.entry_points))
        except UnsupportedInWebAssembly as error:
            _refused[kernels] = f"{error.source and f', for `{error.source}`'}:\n{error.reason}"
        except Exception:
            return None
    print(f"{figure.name} runs here, but a page of the book will refuse it{_refused[kernels]}", file=sys.stderr)
    return None
