"""Simulations in JupyterLab: play, pause, step, restart and presets around the native kernels.

A task on the kernel's event loop steps in short slices, so that buttons answer and other cells run between them.
"""
import asyncio
from functools import partial
from html import escape
from time import perf_counter

import ipywidgets as widgets

from toolkit.live.hosts.display import Display, box, button
from toolkit.live.numbers import format_number
from toolkit.live.simulation import counted

__all__ = ["Player"]

_SLICE = 0.03  # seconds of steps before the event loop has its turn
_REST = 0.005
_FRAME = 0.1  # seconds between drawings: a browser needs a third of it for two of Plotly's plots
_RATE_WINDOW = 0.5  # seconds between two numbers of steps per second


class Player(Display):
    """One display of a simulation. One of them plays at a time: a kernel has one thread to run them."""

    playing_now = None

    def __init__(self, simulation, values=None):
        self.run, self.playing, self.task, self.credit = None, False, None, 0.0
        other = Player.playing_now
        if other and other.figure.name == simulation.name:
            other.pause()  # its cell runs again
        super().__init__(simulation, values)
        self.count_steps()

    def close(self):
        if Player.playing_now is self:
            Player.playing_now = None
        self.playing = False
        if self.task is not None:
            self.task.cancel()
        super().close()

    def above(self):
        labels = self.figure.presets
        self.presets = {label: button(label, lambda _, label=label: self.choose(label)) for label in labels}
        self.buttons = {name: button(name.title(), lambda _, name=name: getattr(self, name)())
                        for name in ("play", "step", "restart")}
        self.buttons["play"].add_class("live-play")
        self.steps = widgets.HTML().add_class("live-steps")
        # A preset would set what is hidden, or tell it by its name.
        presets = [box("live-presets", *self.presets.values())] if labels and not self.figure.hidden_names else []
        return [*presets, box("live-player", *self.buttons.values(), self.steps)]

    def below(self):
        """What plays comes first, and the means to change it after what it does: buttons and plots fit on a phone."""
        return [self.controls]

    # ---- what the reader does -------------------------------------------------------------------------

    def play(self):
        if self.playing:
            self.pause()
            return
        if (self.run is None or self.run.done) and not self.begin():
            return
        if Player.playing_now:
            Player.playing_now.pause()
        Player.playing_now, self.playing = self, True
        self.credit = 1.0
        if self.task is None or self.task.done():
            self.task = asyncio.ensure_future(self._play())
        self.indicate()

    def pause(self):
        if self.playing:
            Player.playing_now, self.playing = None, False
            self.guarded(self.show)

    def step(self):
        self.pause()
        if self.run is not None or self.begin():
            self.guarded(lambda: (self.run.advance(), self.show()))

    def restart(self):
        """From init on, with the controls as they are; what plays goes on playing."""
        self.begin()

    def choose(self, label):
        self.pause()
        self.write(self.figure.presets[label])
        if self.begin():
            self.play()

    def moved(self, name):
        if self.run is None or name not in self.figure.live:
            self.begin()
        else:
            self.guarded(lambda: self.run.move(**{name: self.inputs[name].read()}))

    def reset(self, _=None):
        self.pause()
        self.write(self.figure.default_state)
        self.run = None
        self.update()
        self.count_steps()

    # ---- running ----------------------------------------------------------------------------------------

    def begin(self):
        """A new run in the state of the controls, shown before its first step; False where init failed."""

        def start():
            self.run = self.figure.start(**self.state())
            self.measured = None
            self.show()

        started = self.guarded(start)
        if not started:
            self.fail()
        return started

    def fail(self):
        if self.playing:
            Player.playing_now, self.playing = None, False
        self.run = None
        self.indicate()

    async def _play(self):
        drawn = last = perf_counter()
        while self.playing:
            now = perf_counter()
            if not self.guarded(partial(self.slice, now - last)):
                self.fail()
                return
            last = now
            if self.run.done:
                self.pause()
            elif perf_counter() - drawn >= _FRAME:
                self.guarded(self.show)
                drawn = perf_counter()
            await asyncio.sleep(_REST)

    def slice(self, elapsed):
        """As many steps as fit into a slice, and as the pace allows for the seconds that elapsed."""
        pace, begun = self.figure.pace, perf_counter()
        if isinstance(pace, str):
            pace = self.run.state[pace]
        self.credit = min(self.credit + elapsed * pace, 1 + pace / 10) if pace else 1.0
        while self.credit >= 1 and not self.run.done and perf_counter() - begun < _SLICE:
            self.run.advance()
            self.credit -= 1 if pace else 0

    # ---- showing ----------------------------------------------------------------------------------------

    def update(self):
        self.guarded(lambda: self.draw(self.first))

    def show(self):
        self.draw(self.run.values())
        self.count_steps()

    def count_steps(self):
        self.indicate()
        if self.run is None:
            steps = self.first["steps"][0]
            self.steps.value = f"{counted(steps)}, run when this figure was made" if steps else ""
            return
        now, steps = perf_counter(), self.run.steps
        if not self.playing or self.measured is None:
            self.measured = (now, steps, "")
        since, before, rate = self.measured
        if now - since >= _RATE_WINDOW:
            speed = (steps - before) / (now - since)
            self.measured = (now, steps, f", {format_number(speed, '2g' if speed < 10 else 'd')} per second")
        self.steps.value = escape(counted(steps) + self.measured[2])

    def indicate(self):
        done = self.run is not None and self.run.done
        self.buttons["play"].description = "Pause" if self.playing else "Play again" if done else "Play"
        self.buttons["step"].disabled = done
        state = self.state()
        for label, preset in self.presets.items():
            (preset.add_class if state == self.figure.presets[label] else preset.remove_class)("live-chosen")
