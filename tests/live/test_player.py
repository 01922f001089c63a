"""Simulations in JupyterLab without a browser: buttons are pressed in Python, on an event loop as a kernel has one."""
import asyncio
import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sample import learner

from toolkit.live.hosts.player import Player

EXPLODE = {"explode": True}


@pytest.fixture
def player():
    made = Player(learner)
    yield made
    Player.playing_now = None


def said(player):
    return re.sub("<[^>]*>", "", player.readout.value)


def run_on_a_loop(coroutine):
    """Like asyncio.run, in a thread of its own: Playwright keeps a running loop in the tests' thread."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, coroutine).result()


def on_a_loop(*actions):
    """Run actions on an event loop; a number waits so many seconds, a function until it is true."""

    async def run():
        for action in actions:
            if isinstance(action, float):
                await asyncio.sleep(action)
            else:
                for _ in range(500):
                    if action() is not False:
                        break
                    await asyncio.sleep(0.01)
                else:
                    raise AssertionError("this never came true")

    run_on_a_loop(run())


def part(player, name):
    return player.inputs[name].parts[0]


def steps(player):
    return player.run.steps


def test_before_play_it_shows_the_poster_and_says_so(player):
    values = learner.values()
    assert said(player) == learner.sentence(values)
    assert said(player).startswith("After 40 steps: ")
    assert player.steps.value == "40 steps, run when this figure was made"
    np.testing.assert_array_equal(player.plots[0].data[0].y, values["curve"][:41])
    assert player.run is None and not player.playing


def test_play_and_pause(player):
    on_a_loop(lambda: player.buttons["play"].click(), lambda: player.run.steps > 5,
              lambda: player.buttons["play"].click(), lambda: player.task.done())
    assert not player.playing and player.buttons["play"].description == "Play"
    reached = steps(player)
    assert said(player) == learner.sentence(learner.start().values() | player.run.values())
    np.testing.assert_array_equal(player.run.outputs["curve"], learner.run(reached)["curve"])
    np.testing.assert_array_equal(player.plots[0].data[0].y, player.run.outputs["curve"][:reached + 1])


def test_other_tasks_have_their_turn(player):
    part(player, "pace").value = 10_000
    turns = []

    async def other():
        while not player.task.done():
            turns.append(1)
            await asyncio.sleep(0)

    async def run():
        player.play()
        await other()

    run_on_a_loop(run())
    assert len(turns) >= 2


def test_done_stops_and_the_next_play_begins_anew(player):
    player.write(learner.presets["Fast"])
    on_a_loop(player.play, lambda: player.task.done())
    assert player.run.done and not player.playing
    assert player.buttons["play"].description == "Play again" and player.buttons["step"].disabled
    assert said(player).endswith("All are right.")
    on_a_loop(player.play, 0.01, player.pause)
    assert not player.run.done and not player.buttons["step"].disabled


def test_the_pace_is_kept(player):
    part(player, "pace").value = 100
    on_a_loop(player.play, 0.5, player.pause)
    assert 20 < steps(player) < 60


def test_step_and_restart(player):
    for _ in range(3):
        player.buttons["step"].click()
    assert steps(player) == 3 and said(player).startswith("After 3 steps: ")
    player.buttons["restart"].click()
    assert steps(player) == 0 and said(player).startswith("Before the first step: ")


def test_a_control_starts_anew_and_a_live_one_goes_on(player):
    for _ in range(3):
        player.step()
    part(player, "rate").value = 1.0
    assert steps(player) == 3 and player.run.state["rate"] == 1.0
    player.step()
    run = learner.start()
    run.advance(3)
    run.move(rate=1.0)
    run.advance()
    np.testing.assert_array_equal(player.run.outputs["curve"], run.outputs["curve"])
    part(player, "size").value = 5
    assert steps(player) == 0 and player.run.state["size"] == 5 and not player.playing


def test_a_move_keeps_it_playing(player):
    on_a_loop(player.play, 0.05, lambda: setattr(part(player, "size"), "value", 12),
              lambda: player.playing or None, lambda: player.run.steps > 2)
    assert player.playing and player.run.state["size"] == 12


def test_a_preset_sets_controls_and_plays(player):
    on_a_loop(lambda: player.presets["Slow & small"].click(), lambda: steps(player) > 2)
    assert player.playing and player.state() == learner.presets["Slow & small"]
    assert "live-chosen" in player.presets["Slow & small"]._dom_classes
    assert "live-chosen" not in player.presets["Fast"]._dom_classes


def test_reset_brings_the_poster_back(player):
    on_a_loop(lambda: player.choose("Slow & small"), 0.05, player.reset)
    assert player.state() == learner.default_state and player.run is None and not player.playing
    assert said(player) == learner.sentence(learner.values())


def test_one_plays_at_a_time(player):
    other = Player(learner)
    on_a_loop(player.play, 0.05, other.play, 0.05)
    assert other.playing and not player.playing and Player.playing_now is other
    Player(learner)
    assert not other.playing, "the cell ran again"


def test_errors_are_shown_and_go_away(player):
    part(player, "explode").value = True
    on_a_loop(player.play, lambda: player.task.done())
    assert "ValueError: the learner exploded" in player.readout.value and not player.playing
    part(player, "explode").value = False
    player.step()
    assert said(player).startswith("After 1 step: ")


def test_heat_maps_of_states_are_markers(player):
    table = learner.values()["table"][:64]
    traces = player.plots[1].data
    assert [trace.name for trace in traces] == ["below", "below, wrong", "above", "above, wrong"]
    assert [trace.marker.symbol for trace in traces] == ["square", "x-thin-open", "square-open", "circle"]
    for k, trace in enumerate(traces):
        cells = trace.y * 8 + trace.x
        np.testing.assert_array_equal(cells[~np.isnan(cells)], np.flatnonzero(table == k))
        assert len(cells), "else it is missing in the legend"
