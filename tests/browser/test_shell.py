"""What stands around a figure's plots: its sentence's room, typed values, Back, full screen, pinning, saving."""
import csv
import io
import struct
from xml.etree import ElementTree

import pytest
from drive import choose, open_page, settle, snapshot

pytestmark = pytest.mark.browser

SCALE = "liveFigures.figures.get('hero').inputs.scale.read()"
# Figures whose height changes while each control goes through its ends or options, with what was moved.
JUMPS = """async () => {
  const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const jumps = [];
  for (const figure of liveFigures.figures.values()) {
    await drawn();
    const { height } = figure.root.getBoundingClientRect();
    for (const input of figure.root.querySelectorAll(".live-controls :is(input, select)")) {
      const values = input.options ? [...input.options].map((option) => option.value) : [input.max, input.min, 1, 0];
      for (const value of values) {
        if (input.type === "checkbox") input.checked = Boolean(Number(value));
        else input.value = value;
        input.dispatchEvent(new Event("input", { bubbles: true }));
        await drawn();
        const now = figure.root.getBoundingClientRect().height;
        if (now !== height) jumps.push([figure.name, input.id, value, height, now]);
      }
    }
    figure.reset();
  }
  return jumps;
}"""
# Sizes of the letters of all ticks, titles and legends that are shown, in pixels of the screen.
LETTERS = """() => [...document.querySelectorAll(".live-present .live-plot > svg")]
  .filter((svg) => svg.checkVisibility())
  .flatMap((svg) => [...svg.querySelectorAll("text")].filter((text) => !text.closest("svg svg"))
  .map((text) => parseFloat(getComputedStyle(text).fontSize) * svg.getScreenCTM().a))"""
IN_SIGHT = """selector => [...document.querySelectorAll(selector)].filter((e) => e.checkVisibility()).map((e) => {
  const { top, bottom, left, right } = e.getBoundingClientRect();
  return top >= -1 && bottom <= innerHeight + 1 && left >= -1 && right <= innerWidth + 1 && bottom > top;
})"""


@pytest.mark.parametrize("name", ["book/intro", "notebooks/vanishing_loss", "notebooks/why_it_waits",
                                  "notebooks/paper_rerun"])
def test_no_figure_changes_its_height_on_a_phone(new_page, http_base, name):
    page = new_page(390, 844)
    assert open_page(page, f"{http_base}/{name}.html")
    assert page.evaluate(JUMPS) == []


def test_a_value_is_typed(new_page, http_base):
    page = new_page()
    open_page(page, f"{http_base}/book/intro.html")
    hero = page.locator("#live-hero")
    slider, field = hero.locator("input[type=range]"), hero.locator(".live-field")
    slider.focus()
    page.keyboard.press("Enter")
    assert field.input_value() == "30"
    assert field.get_attribute("aria-label") == "logit scale, type a value from 1 to 120"
    page.keyboard.type("500")
    page.keyboard.press("Enter")
    assert hero.locator(".live-wrong").inner_text() == "“500”; allowed: 1 to 120"
    assert field.get_attribute("aria-invalid") == "true" and page.evaluate(SCALE) == 30
    page.keyboard.press("Escape")
    assert field.count() == 0 and slider.evaluate("input => input === document.activeElement")
    page.keyboard.type("7,123")  # a digit begins, and a comma is a point; the slider goes by halves
    page.keyboard.press("Enter")
    settle(page)
    assert page.evaluate(SCALE) == 7.123 and "7.123" in hero.locator(".live-readout").inner_text()
    page.wait_for_function("location.hash === '#hero.scale=7.123'")
    hero.locator(".live-value").click()
    field.fill("abc")
    page.locator(".bd-article h1").click()
    assert page.evaluate(SCALE) == 7.123 and field.count() == 0
    page.go_back()
    page.wait_for_function(f"{SCALE} === 30")
    page.assert_clean()


def test_back_undoes_links_and_resets_and_no_moves(new_page, http_base):
    page = new_page()
    first, second, *_ = open_page(page, f"{http_base}/notebooks/vanishing_loss.html")
    page.locator(f"#live-{first} select").select_option("float16")
    entries = page.evaluate("history.length")
    for _ in range(20):
        page.locator(f"#live-{second} input[type=range]").first.press("ArrowRight")
    settle(page)
    moved, other = snapshot(page, second), snapshot(page, first)
    assert page.evaluate("history.length") == entries
    page.evaluate("""name => document.querySelector(".bd-article h1").insertAdjacentHTML("afterend",
      `<p><a id="preset" href="#${name}.fmt=bfloat16">so</a></p>`)""", second)
    page.locator("#preset").click()
    page.wait_for_function("name => liveFigures.figures.get(name).inputs.fmt.read() === 'bfloat16'", arg=second)
    settle(page)
    preset = snapshot(page, second)
    assert preset != moved and snapshot(page, first) == other
    assert page.evaluate("history.length") == entries + 1
    page.locator(f"#live-{second}").get_by_role("button", name="Reset").click()
    page.locator(f"#live-{second}").get_by_role("button", name="Reset").click()  # nothing to undo in this one
    settle(page)
    assert page.evaluate("history.length") == entries + 2 and snapshot(page, second) not in (preset, moved)
    for shown in (preset, moved):
        page.go_back()
        page.wait_for_function("name => liveFigures.figures.get(name).inputs.fmt.read() !== 'nothing'", arg=second)
        settle(page)
        assert snapshot(page, second) == shown and snapshot(page, first) == other
    assert f"{first}.fmt=float16" in page.url and "bfloat16" not in page.url
    page.go_forward()
    settle(page)
    assert snapshot(page, second) == preset
    page.reload()
    page.wait_for_function("document.documentElement.dataset.live === 'ready'")
    assert snapshot(page, second) == preset and snapshot(page, first) == other
    page.assert_clean()


def test_what_a_link_names_wrongly_is_told(new_page, http_base):
    page = new_page()
    wrong = "hero.scale=1e9&hero.skale=2&hero.fmt=float12&nobody.scale=2&hide=hero.no"
    open_page(page, f"{http_base}/book/intro.html#{wrong}")
    top, here = page.locator("article > .live-unknown"), page.locator("#live-hero > .live-unknown")
    assert top.inner_text() == "In this link: no figure of this page is named “nobody”; allowed: hero."
    said = here.inner_text()
    for part in ("hero.scale is “1e9”; allowed: 1 to 120", "hero has no control “skale”; allowed: scale, fmt",
                 "hero.fmt is “float12”; allowed: float64, float32", "hero has no control “no”"):
        assert part in said
    page.evaluate("location.hash = 'hero.skale=1&hide=hero.fmt'")
    page.wait_for_function("liveFigures.figures.get('hero').hidden.has('fmt')")
    assert top.count() == 0 and here.inner_text() == "In this link: hero has no control “skale”; allowed: scale."
    page.evaluate("location.hash = 'hero.scale=7.123'")
    page.wait_for_function(f"{SCALE} === 7.123")
    assert here.count() == 0


@pytest.mark.parametrize(("name", "figure"), [("book/intro", "hero"), ("notebooks/why_it_waits", "real_runs")])
def test_full_screen_reads_from_the_last_row(new_page, http_base, name, figure):
    page = new_page(1920, 1080)
    open_page(page, f"{http_base}/{name}.html")
    root = page.locator(f"#live-{figure}")
    root.get_by_role("button", name="Full screen").click()
    page.wait_for_function("document.fullscreenElement?.scrollHeight <= innerHeight")
    assert min(page.evaluate(LETTERS)) >= 22
    for part in (".live-plot", ".live-readout", ".live-controls", ".live-actions"):
        seen = page.evaluate(IN_SIGHT, f".live-present {part}")
        assert seen and all(seen), part
    before = snapshot(page, figure)
    root.locator("input[type=range]").first.press("ArrowLeft")
    settle(page)
    assert snapshot(page, figure) != before
    page.evaluate("document.exitFullscreen()")
    page.wait_for_function("!document.querySelector('.live-present')")
    assert root.get_by_role("button", name="Full screen").evaluate("button => button === document.activeElement")
    page.assert_clean()


def test_where_full_screen_is_refused_the_figure_covers_the_page(new_page, http_base):
    page = new_page(640, 360)  # as 1280 by 720 at 200 %
    open_page(page, f"{http_base}/book/intro.html")
    page.evaluate("() => { Element.prototype.requestFullscreen = () => Promise.reject(new TypeError('refused')); }")
    root = page.locator("#live-hero")
    root.get_by_role("button", name="Full screen").click()
    assert root.bounding_box() == {"x": 0, "y": 0, "width": 640, "height": 360}
    for part in (".live-plot", ".live-readout", ".live-controls"):
        assert all(page.evaluate(IN_SIGHT, f".live-present {part}")), part
    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.matches('body, .live-present *')")
    page.keyboard.press("Escape")
    assert page.locator(".live-present, [inert]").count() == 0
    page.assert_clean()


def test_on_a_phone_the_slider_in_hand_stays_in_sight(new_page, http_base):
    page = new_page(390, 844, touch=True)
    open_page(page, f"{http_base}/notebooks/why_it_waits.html")
    root, dock = page.locator("#live-real_runs"), page.locator("#live-real_runs .live-dock")
    slider = root.locator("input[type=range]").first
    slider.press("ArrowLeft")
    assert dock.count() == 0
    root.locator(".live-plot").last.scroll_into_view_if_needed()
    dock.wait_for()
    box = dock.bounding_box()
    assert box["y"] + box["height"] == 844 and box["height"] < 160
    settle(page)
    assert root.locator(".live-readout b").inner_text() == dock.locator(".live-docked").inner_text()
    before = snapshot(page, "real_runs")
    twin = dock.locator("input").bounding_box()
    page.touchscreen.tap(twin["x"] + 0.3 * twin["width"], twin["y"] + twin["height"] / 2)
    settle(page)
    assert snapshot(page, "real_runs") != before
    assert slider.input_value() == dock.locator("input").input_value()
    assert dock.locator("output").inner_text() == root.locator(".live-value").first.inner_text()
    slider.scroll_into_view_if_needed()
    dock.wait_for(state="detached")
    root.locator(".live-plot").last.scroll_into_view_if_needed()
    dock.wait_for()
    root.locator("summary").focus()  # the reader turns to something else
    assert dock.count() == 0
    page.assert_clean()


def test_a_pinned_state_stays_as_a_ghost(new_page, http_base):
    page = new_page()
    open_page(page, f"{http_base}/book/intro.html")
    hero = page.locator("#live-hero")
    said, pinned = hero.locator(".live-readout").inner_text(), hero.locator(".live-pinned")
    ghosts = hero.locator(".live-ghost")
    choose(page, "hero", "Pin to compare")
    assert pinned.inner_text() == f"Pinned: {said}"
    drawn = ghosts.first.inner_html()
    assert drawn == hero.locator(".live-marks").first.inner_html()
    hero.locator("select").select_option("float16")
    settle(page)
    assert pinned.inner_text() == f"Pinned, with number format float32: {said}"
    assert ghosts.first.inner_html() == drawn != hero.locator(".live-marks").first.inner_html()
    choose(page, "hero", "Unpin")
    assert pinned.count() == ghosts.count() == 0
    page.evaluate("location.hash = 'hero.fmt=float8_e5m2&hide=hero.fmt'")
    page.wait_for_function("liveFigures.figures.get('hero').hidden.has('fmt')")
    choose(page, "hero", "Pin to compare")
    assert "hidden number format" in pinned.inner_text() and "float8" not in pinned.inner_text()
    page.evaluate("location.hash = 'hide=hero.scale'")  # what the pin says of it goes, too
    page.wait_for_function("liveFigures.figures.get('hero').hidden.has('scale')")
    assert pinned.count() == 0
    page.assert_clean()


def saved(page, figure, label):
    with page.expect_download() as download:
        choose(page, figure, label)
    return download.value.suggested_filename, download.value.path().read_bytes()


def test_pictures_and_data_are_saved(new_page, http_base):
    page = new_page(dark=True)
    open_page(page, f"{http_base}/book/intro.html#hero.fmt=float16&hide=hero.fmt")
    name, text = saved(page, "hero", "SVG")
    picture = ElementTree.fromstring(text)
    assert name == "hero.svg" and "var(" not in text.decode() and "float16" not in text.decode()
    width, height = int(picture.get("width")), int(picture.get("height"))
    assert "rgb(31, 35, 40)" in text.decode()  # the text colour of light pages
    name, data = saved(page, "hero", "PNG")
    assert name == "hero.png" and struct.unpack(">II", data[16:24]) == (2 * width, 2 * height)
    name, data = saved(page, "hero", "CSV")
    rows = list(csv.DictReader(io.StringIO(data.decode())))
    assert list(rows[0]) == ["scale", "plot", "mark", "x", "y", "value"] and {row["scale"] for row in rows} == {"30"}
    drawn = page.evaluate("Array.from(liveFigures.figures.get('hero').panels[1].filled[0].x)")
    first = [row for row in rows if row["plot"] == "2" and row["mark"] == "stable loss"]
    assert [float(row["x"]) for row in first] == drawn
    assert {"0", "NaN"} <= {row["y"] for row in rows}  # what stands on a rail is a number, too
    page.assert_clean()


def test_the_menu_closes_and_keeps_the_focus(new_page, http_base):
    page = new_page(320, 640)
    open_page(page, f"{http_base}/book/intro.html")
    more = page.locator("#live-hero .live-more")
    summary = more.locator("summary")
    summary.focus()
    page.keyboard.press("Enter")
    boxes = [button.bounding_box() for button in more.locator("button").all()]
    assert all(0 <= box["x"] and box["x"] + box["width"] <= 320 and box["height"] >= 32 for box in boxes)
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    assert not more.evaluate("menu => menu.open") and summary.evaluate("e => e === document.activeElement")
    summary.click()
    page.locator(".bd-article h1").click()
    assert not more.evaluate("menu => menu.open")
