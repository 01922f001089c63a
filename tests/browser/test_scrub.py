"""Prose that drives figures: its numbers are dragged, its words changed, and what it speaks of lights up."""
import pytest
from drive import open_page, settle

pytestmark = pytest.mark.browser

READ = "([figure, control]) => liveFigures.figures.get(figure).inputs[control].read()"
LIT = """(figure) => {
  const { root } = liveFigures.figures.get(figure);
  const glow = root.querySelector(".live-lights");
  const said = (g) => `${g.getAttribute("class")} ${g.getAttribute("style")}`;
  return { controls: [...root.querySelectorAll(".live-lit")].map((place) => place.dataset.control),
           glows: [...(glow?.querySelectorAll("g") ?? [])].map(said) };
}"""


def drag(page, link, across):
    """Drag the number of a link by some pixels, and let it go."""
    box = link.bounding_box()
    x, y = box["x"] + 6, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for part in range(1, 9):
        page.mouse.move(x + across * part / 8, y)
    page.mouse.up()
    settle(page)


def test_prose_drives_the_figure_beside_it(new_page, http_base):
    page = new_page(1280, 1000)
    open_page(page, f"{http_base}/notebooks/coming_from.html")
    number = page.get_by_role("slider", name="17, drag or use the arrow keys to change logit gap")
    word = page.locator("a.live-link", has_text="float32")

    def gap():
        return page.evaluate(READ, ["top_class", "gap"])

    def kind():
        return page.evaluate(READ, ["top_class", "fmt"])

    page.evaluate("scrollTo(0, 60)")
    place, entries = page.evaluate("scrollY"), page.evaluate("history.length")

    drag(page, number, 60)
    moved = gap()
    assert moved > 17 and number.inner_text().startswith(f"{moved:g}")
    assert "17" in number.locator(".live-written").inner_text()
    assert number.get_attribute("aria-valuenow") == f"{moved:g}"
    assert f"gap {moved:g}" in page.locator("#live-top_class .live-readout").inner_text()
    number.press("ArrowLeft")
    assert gap() == moved - 0.25
    page.wait_for_function("location.hash.includes('top_class.gap=')")
    assert page.evaluate("history.length") == entries, "a scrub is no entry of the history"
    assert page.evaluate("scrollY") == place, "the reader's place is kept"

    lit = page.evaluate(LIT, "top_class")
    assert lit["controls"] == ["gap"] and any("live-rule" in glow for glow in lit["glows"])
    assert any("--live-naive" in glow for glow in lit["glows"]), "what the link names"
    number.press("Escape")
    assert (gap(), number.inner_text()) == (17, "17")
    number.press("Home")
    assert gap() == 0
    number.click()
    settle(page)
    assert gap() == 17 and page.evaluate("scrollY") == place

    word.click()
    settle(page)
    assert kind() == "float16" and word.inner_text().startswith("float16"), "again: the next one"
    word.press("ArrowRight")
    assert kind() == "bfloat16"
    page.locator("#live-top_class select").select_option("float64")
    settle(page)
    assert word.inner_text().startswith("float64"), "a word that was moved follows its control"
    word.press("Escape")
    assert (kind(), word.inner_text()) == ("float32", "float32")
    word.evaluate("link => link.blur()")
    page.mouse.move(1, 1)
    assert page.evaluate(LIT, "top_class") == {"controls": [], "glows": []}

    page.evaluate("location.hash = 'hide=top_class.gap'")
    page.wait_for_function("liveFigures.figures.get('top_class').hidden.has('gap')")
    number.focus()
    number.press("ArrowRight")
    drag(page, number, 60)
    number.click()
    settle(page)
    assert gap() == 17 and number.inner_text() == "17" and page.evaluate(LIT, "top_class")["controls"] == []
    assert page.locator('#live-top_class [data-control="gap"]').is_hidden()
    page.assert_clean()


def test_on_a_phone_a_figure_out_of_sight_comes_along(new_page, http_base):
    page = new_page(390, 844, touch=True)
    open_page(page, f"{http_base}/notebooks/vanishing_loss.html")
    number = page.get_by_role("slider", name="104, drag")
    number.scroll_into_view_if_needed()
    place, box = page.evaluate("scrollY"), number.bounding_box()
    touch = page.context.new_cdp_session(page.page)

    def finger(kind, x):
        points = [] if kind == "touchEnd" else [{"x": x, "y": box["y"] + box["height"] / 2}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    finger("touchStart", box["x"] + 5)
    for step in range(1, 9):
        finger("touchMove", box["x"] + 5 - 6 * step)
    settle(page)
    assert page.locator(".live-peek .live-narrow").is_visible()
    moved = page.evaluate(READ, ["vanishing_loss", "gap"])
    assert moved < 104 and f"gap {moved:g}" in page.locator(".live-peek p").inner_text()
    finger("touchEnd", 0)
    settle(page)
    assert page.evaluate("scrollY") == place and number.inner_text().startswith(f"{moved:g}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    number.tap()
    page.wait_for_function("location.hash.includes('vanishing_loss.gap=104')")
    page.wait_for_function("Math.abs(document.getElementById('live-vanishing_loss').getBoundingClientRect().top) < 200")
    assert page.locator(".live-peek").count() == 0
    page.assert_clean()


def test_without_a_script_they_are_links(new_page, http_base):
    page = new_page(1280, 900, java_script_enabled=False)
    page.goto(f"{http_base}/notebooks/coming_from.html")
    assert page.locator('a[href^="#top_class.gap=17"]').inner_text() == "17"
    assert page.locator("[role=slider]").count() == 0
