"""The JupyterLab host: what a figure or a simulation shows there."""
from toolkit.live.hosts.display import Display
from toolkit.live.hosts.player import Player
from toolkit.live.simulation import Simulation

__all__ = ["widget"]


def widget(figure):
    """A box with the figure's controls, sentence, plots, caption and reset, around its native kernel.

    Every call makes widgets of its own. One move runs the kernel once and draws each plot once. An error in
    the first state is raised; one in a later state stands in place of the sentence, above plots that stay as
    they were and fade.
    """
    if isinstance(figure, Simulation):
        return Player(figure).box
    return Display(figure).box
