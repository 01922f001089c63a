"""The JupyterLab host: what a figure or a simulation shows there, and leaves in the notebook."""
from uuid import uuid4

from toolkit.live.hosts.cells import in_kernel, in_terminal, keep, widgets_apart
from toolkit.live.hosts.display import Display
from toolkit.live.hosts.player import Player
from toolkit.live.simulation import Simulation

__all__ = ["bundle", "display_of"]


def bundle(figure):
    """The MIME bundle of a figure: its widgets while there is a kernel, and what stays without one."""
    # Only here: what follows needs the compiler to WebAssembly, which nothing else in a notebook does.
    from toolkit.live.hosts.output import Mount, output_html, picture_svg

    if in_terminal():
        return {}
    values, key = figure.values(), uuid4().hex[:12]
    if in_kernel():
        with widgets_apart() as made:
            display = display_of(figure, values)
            Mount(key=key, box=display.box)
        display.widgets = made
        keep(display)
    plots = [figure.hidden.plot(plot) for plot in figure.plots]
    return {"text/html": output_html(figure, values, key), "image/svg+xml": picture_svg(plots, values)}


def display_of(figure, values):
    """A display: a box with the figure's controls, sentence, plots, caption and reset, around its native kernel.

    Every call makes widgets of its own. One move runs the kernel once and draws each plot once. An error in
    the first state is raised; one in a later state stands in place of the sentence, above plots that stay as
    they were and fade.
    """
    return (Player if isinstance(figure, Simulation) else Display)(figure, values)
