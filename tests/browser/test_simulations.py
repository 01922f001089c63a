"""Simulations and heat maps in Chromium, on a page of their own that is opened from a folder."""
import sys
from pathlib import Path

import numpy as np
import pytest
from drive import open_page, settle, snapshot
from test_mirror import DECODE, encoded

from toolkit.live import Axis, HeatMap, Plot, Slider, live_figure
from toolkit.live.drawing import WIDTHS, frame, marks_svg
from toolkit.live.hosts.page import figure_html
from toolkit.live.page import module_block
from toolkit.live.runtime import page_styles, runtime_script, simulation_script
from toolkit.live.slots import fill_slots
from toolkit.live.style import css_variables

sys.path.insert(0, str(Path(__file__).parents[1] / "live"))
from kept_module import kept_module
from sample import learner

pytestmark = pytest.mark.browser

HEAD = ('<!doctype html><html lang="en"><meta charset="utf-8"><title>Simulations</title>'
        '<meta name="viewport" content="width=device-width">')
NO_WORKERS = """<meta http-equiv="Content-Security-Policy" content="worker-src 'none'">"""
VALUES = """name => Object.fromEntries(Object.entries(liveFigures.figures.get(name).values)
  .map(([key, list]) => [key, Array.from(list)]))"""
SLOW = {"rate": 0.001, "pace": 20}  # a run of 1230 steps, which lasts longer than any wait of a test
AT_SLOW = "#" + "&".join(f"learner.{name}={value}" for name, value in SLOW.items())


@live_figure(controls=[Slider("bend", -3, 3, 1.0, label="bend")], outputs={"z": 40},
             plot=Plot((HeatMap("z", 5, 8, label="height", low=-1, high=1, x=(-2, 2), y=(-1, 1)),),
                       x=Axis("x", (-2, 2)), y=Axis("y", (-1, 1))), caption="Bend it.")
def saddle(bend, z):
    for i in range(40):
        x, y = (i % 8) / 2 - 1.75, (i // 8) * 0.4 - 0.8
        z[i] = bend * (x * x / 4 - y * y)
    z[0] = 1.0 / (bend - bend)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Pages with a simulation and a heat map, as files: one, and one on which workers are forbidden."""
    folder = tmp_path_factory.mktemp("simulations")
    figures = [learner, saddle]
    block = module_block(kept_module("simulations", [entry for figure in figures for entry in figure.entry_points]))
    dark = f'html[data-theme="dark"] {{{css_variables("dark")}}}'
    style = (f"<style>:root {{{css_variables('light')}}} {dark} body {{ font-family: sans-serif; margin: 1rem auto;"
             " max-width: 860px; color: var(--live-text); background: var(--live-ground); }</style>"
             '<link rel="stylesheet" href="live.css">')
    texts = {"runtime.js": runtime_script(), "simulation.js": simulation_script(), "live.css": page_styles()}
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    scripts = '<script defer src="simulation.js"></script><script defer src="runtime.js"></script>'
    body = f"{style}<main><h1>Simulations</h1>{''.join(map(figure_html, figures))}</main>{block}{scripts}</html>"
    (folder / "page.html").write_text(HEAD + body, encoding="utf-8")
    (folder / "no_workers.html").write_text(HEAD + NO_WORKERS + body, encoding="utf-8")
    return folder


class Learner:
    """The simulation on a page, as a reader uses it."""

    def __init__(self, page):
        self.page, self.root = page, page.locator("#live-learner")

    def press(self, name):
        self.root.get_by_role("button", name=name, exact=True).click()

    def said(self):
        return self.root.locator(".live-readout").inner_text()

    def values(self):
        return self.page.evaluate(VALUES, "learner")

    def steps(self):
        return self.page.evaluate("liveFigures.figures.get('learner').values.steps[0]")

    def wait(self, condition):
        """Until a condition on the figure `f` is true."""
        self.page.wait_for_function(f"() => {{ const f = liveFigures.figures.get('learner'); return {condition}; }}")

    def slowly(self):
        """Set it so that no run ends while a test looks at it."""
        self.page.evaluate("address => { location.hash = address; }", AT_SLOW)
        self.wait("f.begun && f.values.steps[0] === 0")

    def still(self):
        """That it no longer steps, once the slice of work that was under way has ended."""
        for _ in range(10):
            before = self.steps()
            self.page.wait_for_timeout(200)
            if self.steps() == before:
                return True
        return False


@pytest.fixture(params=["page", "no_workers"])
def player(request, new_page, folder):
    page = new_page()
    open_page(page, f"{folder.as_uri()}/{request.param}.html")
    return Learner(page)


@pytest.fixture
def learner_at(new_page, folder):
    """A function that opens the page at an address."""

    def opened(address="", **view):
        page = new_page(**view)
        open_page(page, f"{folder.as_uri()}/page.html{address}")
        return Learner(page)

    return opened


def move(player, control, key):
    player.root.locator(f'[data-control="{control}"] input').press(key)


def same(values, run):
    for name, array in run.outputs.items():
        np.testing.assert_array_equal(np.array(values[name]), array.astype(float), err_msg=name)


def test_before_play_the_poster_stands_there(learner_at):
    player = learner_at()
    expected = learner.values()
    assert player.said() == learner.sentence(expected)
    assert player.root.locator(".live-steps").inner_text() == "40 steps, run when this page was built"
    assert player.values()["loss"] == expected["loss"].tolist(), "what the sentence says has all its digits"
    assert player.values()["curve"] == [float(f"{value:.4g}") for value in expected["curve"]]
    assert player.still() and player.page.evaluate("!liveFigures.figures.get('learner').running"), "nothing has started"


def test_steps_have_the_bits_of_the_native_kernels(player):
    player.slowly()
    run = learner.start(**SLOW)
    for done in range(1, 6):
        player.press("Step")
        player.wait(f"f.values.steps[0] === {done}")
        run.advance()
        same(player.values(), run)
    settle(player.page)
    assert player.said() == learner.sentence(run.values())
    player.press("Play")
    player.wait("f.values.steps[0] > 20")
    player.press("Pause")
    assert player.still()
    run.advance(int(player.steps()) - run.calls)
    same(player.values(), run)
    settle(player.page)
    assert player.said() == learner.sentence(run.values())
    player.page.troubles = [t for t in player.page.troubles if "worker-src" not in t]
    player.page.assert_clean()


@pytest.mark.timing
def test_pause_answers_at_once(player):
    player.page.evaluate("() => { location.hash = '#learner.rate=0.001&learner.size=4&learner.pace=1000'; }")
    player.wait("f.begun && f.values.steps[0] === 0")
    player.press("Play")
    player.wait("f.values.steps[0] > 100")  # of 4820
    waited = player.page.evaluate("""() => new Promise((done) => {
      const f = liveFigures.figures.get("learner"), begun = performance.now(), receive = f.receive.bind(f);
      f.receive = (report) => { receive(report); if (!report.playing) done(performance.now() - begun); };
      f.buttons.play.click();
    })""")
    print(f"\npause answered after {waited:.1f} ms")
    assert waited < 250, "one slice, on a busy machine"
    assert player.still() and player.root.locator('[data-action="play"]').inner_text() == "Play"


def test_done_stops_and_play_begins_anew(player):
    player.press("Fast")
    player.wait("f.done")
    settle(player.page)
    assert player.said().endswith("All are right.")
    assert player.root.get_by_role("button", name="Step", exact=True).is_disabled()
    same(player.values(), _finished(**learner.presets["Fast"]))
    runs = player.page.evaluate("liveFigures.figures.get('learner').since")
    player.press("Play again")
    player.wait(f"f.since > {runs} && f.done")
    same(player.values(), _finished(**learner.presets["Fast"]))


def _finished(**state):
    run = learner.start(**state)
    run.advance(100_000)
    assert run.done
    return run


def test_the_focus_stays_on_the_player_when_the_last_step_is_done(player):
    player.page.evaluate("""() => {
      const { buttons, presets } = liveFigures.figures.get("learner");
      buttons.step.focus();
      presets.find((button) => button.dataset.preset === "Fast").click();
    }""")
    player.wait("f.done")
    settle(player.page)
    assert player.page.evaluate("document.activeElement.dataset.action") == "play"


def test_what_lies_below_the_sentence_does_not_jump_while_it_runs(player):
    height = "document.querySelector('#live-learner .live-readout').offsetHeight"
    usual = player.page.evaluate(height)
    player.press("Step")
    player.wait("f.values.steps[0] === 1")
    settle(player.page)
    player.page.evaluate("liveFigures.figures.get('learner').say('long '.repeat(200))")
    settle(player.page)
    tall = player.page.evaluate(height)
    player.press("Step")
    player.wait("f.values.steps[0] === 2")
    settle(player.page)
    assert tall > usual and player.page.evaluate(height) == tall
    player.press("Reset")
    settle(player.page)
    assert player.page.evaluate(height) == tall


def test_restart_keeps_what_it_was_doing(player):
    player.slowly()
    player.press("Step")
    player.wait("f.values.steps[0] === 1")
    player.press("Restart")
    player.wait("f.values.steps[0] === 0")
    settle(player.page)
    assert player.said().startswith("Before the first step: ") and player.still()
    player.press("Play")
    player.wait("f.values.steps[0] > 5")
    player.press("Restart")
    player.wait("f.playing && f.values.steps[0] > 0")


def test_a_control_starts_anew_and_a_live_one_goes_on(player):
    player.slowly()
    for done in (1, 2, 3):
        player.press("Step")
        player.wait(f"f.values.steps[0] === {done}")
    move(player, "rate", "End")
    settle(player.page)
    player.press("Step")
    player.wait("f.values.steps[0] === 4")
    run = learner.start(**SLOW)
    run.advance(3)
    run.move(rate=1.0)
    run.advance()
    same(player.values(), run)
    move(player, "size", "End")
    player.wait("f.values.steps[0] === 0")
    assert player.still()
    move(player, "rate", "Home")
    player.press("Play")
    player.wait("f.values.steps[0] > 2")
    move(player, "size", "ArrowLeft")
    player.wait("f.playing && f.values.steps[0] > 2")


def test_a_preset_is_one_click(learner_at):
    player = learner_at()
    player.press("Slow & small")
    player.wait("f.playing && f.values.steps[0] > 3")
    pressed = "() => [...document.querySelectorAll('[data-preset]')].map((b) => b.getAttribute('aria-pressed'))"
    assert player.page.evaluate(pressed) == ["false", "true"]
    player.page.wait_for_function("location.hash.includes('learner.rate=0.001')")
    assert "learner.size=4" in player.page.url
    player.page.go_back()
    player.wait("!f.begun && f.inputs.size.read() === f.spec.controls.find((spec) => spec.name === 'size').value")
    assert "learner" not in player.page.url.partition("#")[2]
    player.page.go_forward()
    player.page.wait_for_function("location.hash.includes('learner.rate=0.001')")
    other = learner_at("#" + player.page.url.partition("#")[2])
    other.wait("f.begun && f.values.steps[0] === 0")
    assert other.still(), "a link never plays by itself"
    other.press("Step")
    other.wait("f.values.steps[0] === 1")
    run = learner.start(**learner.presets["Slow & small"])
    run.advance()
    same(other.values(), run)
    move(other, "size", "Home")
    other.page.wait_for_function(
        "document.querySelector('[data-preset^=Slow]').getAttribute('aria-pressed') === 'false'")


def test_reset_brings_the_poster_back(player):
    shown = snapshot(player.page, "learner")
    player.press("Slow & small")
    player.wait("f.values.steps[0] > 3")
    player.press("Reset")
    settle(player.page)
    assert snapshot(player.page, "learner") == shown and player.still()
    assert player.root.locator(".live-steps").inner_text() == "40 steps, run when this page was built"


def test_a_hidden_page_pauses(player):
    player.slowly()
    player.press("Play")
    player.wait("f.values.steps[0] > 3")
    player.page.evaluate("""() => {
      Object.defineProperty(document, "hidden", { value: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }""")
    assert player.still()


def test_an_error_is_said_and_goes_away(player):
    player.slowly()
    player.root.locator('[data-control="explode"] input').check()
    player.press("Play")
    player.page.wait_for_selector("text=This figure stopped: learner.step: ")
    assert "the learner exploded" in player.said()
    player.root.locator('[data-control="explode"] input').uncheck()
    player.press("Play")
    player.wait("f.playing && f.values.steps[0] > 3")


def test_the_keyboard_is_enough(learner_at):
    player = learner_at(AT_SLOW)
    player.root.get_by_role("button", name="Play", exact=True).focus()
    player.page.keyboard.press("Space")
    player.wait("f.values.steps[0] > 3")
    assert player.root.locator(".live-readout").get_attribute("aria-live") == "off"
    player.page.keyboard.press("Enter")
    assert player.still()
    assert player.root.locator(".live-readout").get_attribute("aria-live") == "polite"
    player.page.keyboard.press("Tab")
    player.page.keyboard.press("Enter")
    steps = player.steps()
    player.wait(f"f.values.steps[0] >= {steps}")


@pytest.mark.timing
def test_the_pace_is_kept_and_shown(learner_at):
    player = learner_at("#learner.rate=0.001&learner.pace=100")
    player.press("Play")
    player.page.wait_for_timeout(1500)
    shown = player.root.locator(".live-steps").inner_text()
    assert shown.endswith(" per second")
    assert 60 < float(shown.split(", ")[1].split()[0]) < 140, shown


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing(learner_at, axe, dark):
    player = learner_at(dark=dark)
    player.page.evaluate("dark => { document.documentElement.dataset.theme = dark ? 'dark' : 'light'; }", dark)
    player.page.evaluate(axe)
    assert [v["id"] for v in player.page.evaluate("axe.run()")["violations"]] == []


def test_it_fits_a_phone(learner_at):
    player = learner_at(width=390, height=844, touch=True)
    assert player.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert all(button.bounding_box()["height"] >= 32 for button in player.root.locator("button:visible").all())
    assert player.root.locator(".live-plot").first.bounding_box()["height"] >= 260


def test_without_scripts_the_poster_is_there(new_page, folder):
    page = new_page(java_script_enabled=False)
    page.goto(f"{folder.as_uri()}/page.html")
    figure = page.locator("#live-learner")
    assert figure.locator("svg.live-narrow .live-cells path").count() >= 2
    assert figure.locator(".live-readout").inner_text() == learner.sentence(learner.values())
    assert "the state after 40 steps" in page.locator("#live-learner noscript").inner_html()
    assert figure.get_by_role("button", name="Play", exact=True).is_disabled()


STATES = [(learner, {}), (learner, {"size": 2}), (learner, {"size": 12, "rate": 1.0}), (saddle, {}),
          (saddle, {"bend": -3})]


@pytest.mark.parametrize("figure, state", STATES)
def test_slots_and_marks_are_the_same(learner_at, figure, state):
    page = learner_at().page
    values = figure.values(**state)
    values |= {"z": np.append(values["z"][:-2], [np.inf, np.nan])} if figure is saddle else {}
    for plot in figure.plots:
        bindings, looks = plot.bindings(), plot.looks()
        filled = fill_slots(bindings, values)
        ours = encoded(filled)
        theirs = page.evaluate("([b, v]) => {" + DECODE + "return liveFigures.fillSlots(b, decode(v)); }",
                               [bindings, encoded(values)])
        assert encoded(theirs) == ours
        for width in WIDTHS.values():
            area = frame(plot, width)
            drawn = page.evaluate("([l, f, s]) => {" + DECODE + "return liveFigures.marksSvg(l, f, decode(s)); }",
                                  [looks, area, ours])
            assert drawn == marks_svg(looks, area, filled)


def test_a_pointer_reads_a_cell(learner_at):
    page = learner_at().page
    area = page.locator("#live-saddle .live-wide .live-marks")
    area.scroll_into_view_if_needed()
    page.evaluate("""() => {
      const picture = document.querySelector("#live-saddle .live-wide");
      const box = picture.querySelector(".live-marks .live-cells").getBoundingClientRect();
      const at = { clientX: box.left + box.width * 1.5 / 8, clientY: box.bottom - box.height * 0.5 / 5, bubbles: true };
      picture.dispatchEvent(new PointerEvent("pointermove", at));
    }""")
    assert page.locator("#live-saddle .live-wide .live-hover").text_content() == "height −1.25, −0.8: −0.2494"
