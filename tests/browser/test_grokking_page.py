"""The stories of *Grokking, live* in Chromium: each button does what the chapter says, with more than one seed."""
import pytest
from drive import open_page, settle

pytestmark = pytest.mark.browser

FIGURE = "liveFigures.figures.get('grokking')"
# Button, seed, what the sentence must say at some time, and the bounds of the share of unseen sums at the end.
STORIES = [
    ("Collapse in float32", 0, "Collapsed: ", (0.25, 0.5)),
    ("Collapse in float32", 2, "Collapsed: ", (0.25, 0.6)),
    ("Same loss, rewritten", 0, "It has grokked", (0.95, 1)),
    ("Same loss, rewritten", 2, "It has grokked", (0.95, 1)),
    ("Freeze in float16", 1, "Frozen: every gradient is exactly 0", (0.3, 0.6)),
    ("Collapse later in float64", 0, "have a loss of exactly 0", (0.8, 0.99)),
    ("StableMax", 1, "It has grokked", (0.98, 1)),
    ("Weight decay", 1, "It has grokked", (0.98, 1)),
    ("⟂Grad", 1, "It has grokked", None),
    ("Collapse in 30 steps", 1, "Collapsed: ", (0.25, 0.45)),
]


@pytest.fixture
def page(new_page, built_book):
    page = new_page(1280, 900)
    open_page(page, f"{built_book.as_uri()}/notebooks/grokking_live.html")
    page.set_default_timeout(90_000)
    return page


def button(page, name):
    return page.locator("#live-grokking").get_by_role("button", name=name, exact=True)


def choose_seed(page, seed):
    slider = page.locator("#live-grokking-seed")
    slider.focus()
    for _ in range(seed):
        slider.press("ArrowRight")


@pytest.mark.parametrize("story, seed, words, ends", STORIES)
def test_a_story_comes_true(page, story, seed, words, ends):
    button(page, story).click()
    choose_seed(page, seed)
    page.wait_for_function(f"words => {FIGURE}.readout.textContent.includes(words)", arg=words, polling=50)
    assert page.evaluate(f"{FIGURE}.inputs.seed.read()") == seed
    if ends:
        page.wait_for_function(f"{FIGURE}.done")
        settle(page)
        low, high = ends
        assert low <= page.evaluate(f"{FIGURE}.values.unseen[0]") <= high
    page.assert_clean()


def test_the_last_of_two_quick_clicks_counts(page):
    page.evaluate("""() => {
      const buttons = [...document.querySelectorAll("#live-grokking [data-preset]")];
      buttons[2].click();
      buttons[4].click();
    }""")
    page.wait_for_function(f"{FIGURE}.playing && {FIGURE}.values.steps[0] > 5")
    pressed = page.locator('#live-grokking [data-preset][aria-pressed="true"]')
    assert pressed.all_inner_texts() == ["StableMax"]


def test_numbers_that_left_the_format_are_said(page):
    page.locator('#live-grokking [data-control="fmt"] select').select_option("float8_e4m3fn")
    button(page, "Play").click()
    page.wait_for_function(f"{FIGURE}.done")
    settle(page)
    said = page.locator("#live-grokking .live-readout").inner_text()
    assert said.endswith("A number left the range of the format: since then all is NaN.") and "by heart" not in said
