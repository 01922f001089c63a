"""A control that a link hides is told by nothing that can be seen or heard, wherever the reader goes from there."""
import re

import pytest
from drive import choose, open_page, settle, snapshot
from test_pages import LIVE

pytestmark = pytest.mark.browser

RIDDLE = "hero.fmt=float8_e5m2&hero.scale=4&hide=hero.fmt"
DISGUISED = "hero.fmt=~ZmxvYXQ4X2U1bTI&hero.scale=4&hide=hero.fmt"
# For each control of each figure: what the figure says with the control hidden at each of a few values.
SAID = """() => {
  const told = "figcaption, p, output, option, text, button, label, legend, span";
  const open = (e) => !e.closest("[hidden], script, noscript");
  const texts = (root) => [...root.querySelectorAll("*")].filter(open).flatMap(
    (e) => [e.title, e.getAttribute("aria-label"), e.getAttribute("aria-valuetext"),
            e.matches(told) && !e.querySelector(told) ? e.textContent : ""]).filter(Boolean).join(" | ");
  const saidOf = (figure) => figure.spec.controls.map((spec) => {
    const values = spec.options ?? (spec.low !== undefined && !Array.isArray(spec.value)
      ? [spec.value, spec.low, spec.high, Math.sqrt(spec.low > 0 ? spec.low * spec.high : spec.high)] : []);
    figure.hide([spec.name]);
    const said = values.map((value) => {
      const input = figure.inputs[spec.name];
      input.write(value);
      figure.update();
      return [typeof value === "string" ? value : liveFigures.formatNumber(input.read()), texts(figure.root)];
    });
    figure.hide([]);
    figure.reset();
    return [`${figure.name}.${spec.name}`, said];
  });
  return [...liveFigures.figures.values()].flatMap(saidOf);
}"""


def times(value, text):
    """How often a text says a value; a digit of another number is none."""
    return len(re.findall(rf"(?<![\w.,×−-]){re.escape(value)}(?![\w%×⁻]|\s%|\.\d|,\d)", text))


@pytest.mark.parametrize("opened", LIVE, indirect=True)
def test_hidden_means_hidden_in_every_figure(opened):
    for control, said in opened.evaluate(SAID):
        for value, text in said:
            if value == "0":
                continue  # exact zeros are what many figures are about
            fewest = min((times(value, other) for another, other in said if another != value), default=0)
            assert times(value, text) <= fewest, f"{control} is hidden at {value!r}, and the figure says: {text}"
    opened.assert_clean()


def test_what_is_hidden_stays_so_after_links_headings_reload_reset_and_back(new_page, http_base):
    page = new_page(1280, 900, permissions=["clipboard-read", "clipboard-write"])
    open_page(page, f"{http_base}/book/intro.html#{RIDDLE}")
    sentence, control = page.locator("#live-hero .live-readout"), page.locator('#live-hero [data-control="fmt"]')
    asked = "liveFigures.figures.get('hero').inputs.fmt.read()"
    shown = snapshot(page, "hero")

    def still(said="scale 4"):
        settle(page)
        assert control.is_hidden() and page.evaluate(asked) == "float8_e5m2"
        assert f"In the hidden number format at {said}" in sentence.inner_text()
        assert "float8" not in page.url + sentence.inner_text()

    still()
    assert set(page.url.partition("#")[2].split("&")) == set(DISGUISED.split("&"))
    page.locator(".bd-article h2 .headerlink").first.evaluate("link => link.click()")
    page.wait_for_function("!location.hash.includes('=')")
    still()
    page.reload()
    page.wait_for_function("document.documentElement.dataset.live === 'ready'")
    assert "=" not in page.url
    still()
    page.go_back()
    page.wait_for_function("location.hash.includes('=')")
    still()
    page.evaluate("location.hash = 'hero.scale=8'")
    page.wait_for_function("liveFigures.figures.get('hero').inputs.scale.read() === 8")
    still("scale 8")
    page.locator("#live-hero").get_by_role("button", name="Reset").click()
    still("scale 30")
    page.evaluate("hash => { location.hash = hash; }", DISGUISED)
    page.wait_for_function("liveFigures.figures.get('hero').inputs.scale.read() === 4")
    still()
    assert snapshot(page, "hero") == shown
    choose(page, "hero", "Copy link")
    page.wait_for_function("document.querySelector('#live-hero .live-told').textContent === 'Link copied.'")
    address, _, state = page.evaluate("navigator.clipboard.readText()").partition("#")
    assert address.endswith("/book/intro.html") and set(state.split("&")) == set(DISGUISED.split("&"))
    page.assert_clean()


def test_a_mark_at_a_hidden_control_is_not_drawn(new_page, http_base):
    page = new_page(1280, 900)
    open_page(page, f"{http_base}/notebooks/sparse_maps.html#hide=sparse_triangle.across")
    assert page.locator("#live-sparse_triangle .live-handle").first.is_hidden()
    page.goto(f"{http_base}/book/intro.html")
    rules = page.locator("#live-hero .live-narrow .live-marks .live-rule")
    before = rules.count()
    page.evaluate("location.hash = 'hide=hero.scale'")
    page.wait_for_function("liveFigures.figures.get('hero').hidden.has('scale')")
    assert rules.count() == before - 1
    assert "at scale ?" in page.locator("#live-hero .live-readout").inner_text()


def test_a_simulation_hides_its_presets_with_a_control(new_page, http_base):
    page = new_page(1280, 900)
    open_page(page, f"{http_base}/notebooks/grokking_live.html#grokking.fmt=float16&hide=grokking.fmt")
    assert page.locator("#live-grokking .live-presets").is_hidden()
    assert page.locator("#live-grokking .live-player").is_visible()
