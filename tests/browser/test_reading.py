"""Values are read off a plot by pointer, by touch, by keys, by ear, and as a table."""
import sys
from pathlib import Path

import pytest
from drive import choose, open_page, settle
from playwright.sync_api import expect

from toolkit.live.hosts.page import figure_html
from toolkit.live.page import module_block
from toolkit.live.runtime import page_styles, runtime_script
from toolkit.live.style import css_variables
from toolkit.live.wasm import build_module

sys.path.insert(0, str(Path(__file__).parents[1] / "live"))
from sample import everything
from short_sample import attention, gap_figure


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reading")
    figures = [everything, gap_figure, attention]
    block = module_block(build_module([entry for figure in figures for entry in figure.entry_points]))
    (folder / "runtime.js").write_text(runtime_script(), "utf-8")
    style = f":root {{ {css_variables('light')} }} {page_styles()}"
    (folder / "page.html").write_text(
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Figures</title><style>{style}</style><main><h1>Figures</h1>{''.join(map(figure_html, figures))}</main>"
        f'{block}<script defer src="runtime.js"></script></html>', encoding="utf-8")
    return (folder / "page.html").as_uri()


def place_of(page, figure, x, y):
    """Where a value of a figure's first plot stands on the screen."""
    return page.evaluate("""([name, x, y]) => {
      const panel = liveFigures.figures.get(name).panels[0];
      const { area, frame } = panel.pictures.find(({ area }) => area.getClientRects().length);
      area.scrollIntoView({ block: "center" });
      const box = area.getScreenCTM();
      const at = ({ offset, slope, log }, value) => 10 * (offset + slope * (log ? Math.log10(value) : value));
      return [box.e + box.a * at(frame.x, x), box.f + box.d * at(frame.y, y)];
    }""", [figure, x, y])


def test_a_pointer_reads_and_a_click_pins(new_page, address):
    page = new_page(1280, 900)
    open_page(page, address)
    figure = page.locator("#live-gap_figure")
    label = figure.locator(".live-wide .live-hover")
    page.mouse.move(*place_of(page, "gap_figure", 0, 0.75))
    expect(label).to_have_text("rest 0: 0.75")
    page.mouse.move(0, 0)
    expect(label).to_have_text("")
    page.mouse.click(*place_of(page, "gap_figure", 0, 0.75))
    page.mouse.move(0, 0)
    expect(label).to_have_text("rest 0: 0.75")
    figure.locator('[data-control="K"] input').press("Home")  # a pinned value follows
    expect(label).to_have_text("rest 0: 0.5")
    page.mouse.click(*place_of(page, "gap_figure", 0, 1e-12))
    expect(label).to_have_text("")
    page.assert_clean()


def test_a_tap_pins_and_a_tap_elsewhere_clears(new_page, address):
    page = new_page(390, 844, touch=True)
    open_page(page, address)
    label = page.locator("#live-gap_figure .live-narrow .live-hover")
    page.touchscreen.tap(*place_of(page, "gap_figure", 0, 0.75))
    expect(label).to_have_text("rest 0: 0.75")
    page.evaluate("scrollTo(0, 0)")
    page.touchscreen.tap(30, 20)
    expect(label).to_have_text("")


def test_arrow_keys_read_along_and_across_the_lines_and_say_it(new_page, address):
    page = new_page(1280, 900)
    open_page(page, address)
    plot = page.locator("#live-everything .live-plot").nth(1)
    label, said = plot.locator(".live-hover"), plot.locator("[aria-live]")
    assert plot.get_attribute("aria-label") == "p over class: p. Arrow keys read its values."
    plot.focus()
    p = everything.values()["p"]
    for key, text in (("ArrowRight", f"p cat: {p[0]:.4f}"), ("ArrowRight", f"p dog: {p[1]:.4f}"), ("End", "p owl"),
                      ("ArrowRight", "p owl"), ("Home", "p cat"), ("PageDown", "p owl"), ("ArrowDown", "p owl")):
        page.keyboard.press(key)
        expect(said).to_contain_text(text)
        expect(label).to_have_text(said.inner_text())
    page.keyboard.press("Escape")
    expect(label).to_have_text("")
    cells = page.locator("#live-attention .live-plot")
    cells.focus()
    for key, place in (("Home", "0, 0"), ("ArrowUp", "0, 1"), ("ArrowRight", "1, 1"), ("ArrowDown", "1, 0")):
        page.keyboard.press(key)
        expect(cells.locator("[aria-live]")).to_contain_text(f"{place}: ")
    lines = page.locator("#live-gap_figure .live-plot")
    lines.focus()
    page.keyboard.press("Home")
    heard = set()
    for _ in range(6):
        heard.add(lines.locator("[aria-live]").inner_text().split(" 0:")[0])
        page.keyboard.press("ArrowDown")
    assert {"exact", "loss", "rest"} <= heard, "lines that lie on each other are told one by one"
    page.assert_clean()


def test_the_data_of_a_figure_open_as_tables(new_page, address, axe):
    page = new_page(1280, 900)
    open_page(page, address)
    figure = page.locator("#live-everything")
    data = figure.locator(".live-data")
    assert data.is_hidden() and data.inner_html() == ""
    figure.locator(".live-more summary").focus()
    before = figure.locator(".live-menu button").all_text_contents().index("Show the data")
    for key in ("Enter", *["Tab"] * (before + 1), "Enter"):
        page.keyboard.press(key)
    expect(data).to_be_visible()
    tables = data.locator("table")
    assert tables.locator("caption").all_inner_texts() == ["value over x", "value over x", "p over class"]
    rows = [row.split("\t") for row in tables.nth(0).locator("tr").all_inner_texts()]
    assert len(rows) == 5 and rows[:2] == [["x", "curve"], ["1", "0.125"]]  # the line is shorter than the markers
    figure.locator('[data-control="broken"] input').check()
    figure.locator('[data-control="bits"] button').first.click()
    expect(tables.nth(0)).to_contain_text("NaN")
    for word in ("+inf", "exactly 0"):
        expect(tables.nth(0)).to_contain_text(word)
    cells = page.locator("#live-attention")
    choose(page, "attention", "Show the data")
    rows = [row.split("\t") for row in cells.locator("tr").all_inner_texts()]
    assert [row[0] for row in rows] == ["query \\ key", "2", "1", "0"] and rows[0][1:] == ["0", "1", "2", "3"]
    settle(page)
    page.evaluate(axe)
    found = page.evaluate("axe.run('.live-figure')")["violations"]
    assert not [(v["id"], v["nodes"][0]["html"][:120]) for v in found if v["impact"] in ("serious", "critical")]
    page.assert_clean()
