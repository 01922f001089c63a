"""Files with one figure, and figures alone, in Chromium: from a folder, and in a frame with a strict policy."""
import sys
from pathlib import Path

import pytest
from drive import open_page, settle
from heavy_pages import HEAVY, LARGEST

from toolkit.live.hosts.file import page_script
from toolkit.live.hosts.page import figure_html
from toolkit.live.page import module_block
from toolkit.live.runtime import page_styles, runtime_script, simulation_script
from toolkit.live.style import css_variables

sys.path.insert(0, str(Path(__file__).parents[1] / "live"))
from kept_module import kept_module
from sample import everything, learner
from saved_file import Saved

pytestmark = pytest.mark.browser

POLICY = "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval'; style-src 'unsafe-inline'"
FRAME = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Course</title>
<script>addEventListener("message", ({ data, source }) => {
  for (const frame of document.querySelectorAll("iframe"))
    if (frame.contentWindow === source && data.subject === "lti.frameResize") frame.height = data.height;
});</script>
<iframe title="figure" sandbox="allow-scripts" width="600" height="100" src="FILE"></iframe>"""
OPEN = FRAME.replace(' sandbox="allow-scripts"', "")  # a sandbox is kept from files beside its page
FIGURES = (everything, learner)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Files of figures, the same under a strict policy, pages that frame those, and a page with both figures."""
    folder = tmp_path_factory.mktemp("files")
    everything.save(folder / "everything.html", scale=50, hide=["fmt"])
    learner.save(folder / "learner.html")
    for name in ("everything", "learner"):
        text = (folder / f"{name}.html").read_text("utf-8")
        meta = f'<head>\n<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        (folder / f"strict_{name}.html").write_text(text.replace("<head>", meta, 1), "utf-8")
    (folder / "frame.html").write_text(FRAME.replace("FILE", "strict_learner.html#learner.rate=0.5"), "utf-8")
    (folder / "only.html").write_text(OPEN.replace("FILE", "page.html?only=learner"), "utf-8")
    module = kept_module("figure_file", [entry for figure in FIGURES for entry in figure.entry_points])
    dark = f'html[data-live-theme="dark"] {{{css_variables("dark")}}}'
    only = "document.documentElement.dataset.liveOnly = new URLSearchParams(location.search).get('only');"
    scripts = {"simulation": simulation_script(), "runtime": runtime_script(), "embed": page_script()}
    for name, text in scripts.items():
        (folder / f"{name}.js").write_text(text, "utf-8")
    tags = "".join(f'<script src="{name}.js"></script>' for name in scripts)
    (folder / "page.html").write_text(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Two figures — Book</title>'
        f"<script>if (location.search.includes('only')) {only}</script>"
        f"<style>:root {{{css_variables('light')}}} {dark} {page_styles()}</style>"
        f"<header>menu</header><main><article><h1>Two figures</h1>{''.join(map(figure_html, FIGURES))}<p>words</p>"
        f"</article></main>{module_block(module)}{tags}</html>", "utf-8")
    return folder


def said(page):
    return page.locator(".live-readout").inner_text()


def test_files_live_from_a_folder_and_ask_for_nothing(new_page, folder):
    for figure in FIGURES:
        page = new_page(390, 844, dark=True)
        assert open_page(page, f"{(folder / figure.name).as_uri()}.html") == [figure.name]
        before, slider = said(page), page.locator("input[type=range]").first
        slider.press("End")
        settle(page)
        assert said(page) != before
        page.wait_for_function("location.hash.includes('=')")
        page.get_by_role("button", name="Reset").press("Enter")
        settle(page)
        assert said(page) == before
        assert page.evaluate("document.documentElement.dataset.liveTheme") == "dark"
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert not any(part.is_visible() for part in page.locator('[data-action="copy"], [data-action="embed"]').all())
        assert not [url for url in page.requests if not url.startswith(("file:", "blob:"))]
        if figure is learner:
            page.get_by_role("button", name="Play").click()
            page.wait_for_function("liveFigures.figures.get('learner').values.steps[0] > 40")
        else:
            assert page.locator('[data-control="fmt"]').is_hidden() and "float16" not in before
        page.assert_clean()


def test_a_state_and_a_theme_in_the_address_of_a_file(new_page, folder):
    page = new_page(dark=True)
    open_page(page, f"{folder.as_uri()}/everything.html?theme=light#everything.scale=5&everything.law=sign")
    assert said(page).startswith("At scale 5 ") and said(page).endswith("The law is sign.")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.emulate_media(media="print")
    assert page.locator(".live-controls").is_hidden() and page.locator(".live-plot").first.is_visible()


def test_a_file_works_in_a_sandbox_with_a_strict_policy_and_tells_its_height(new_page, folder):
    page = new_page(800, 1000)
    page.goto(f"{folder.as_uri()}/frame.html")
    frame = page.frames[1]
    frame.locator("html[data-live=ready]").wait_for()
    figure = page.frame_locator("iframe")
    figure.get_by_text("Before the first step:").wait_for()
    figure.get_by_role("button", name="Play").click()
    figure.get_by_text("All are right.").wait_for()
    height = frame.locator(".live-figure").evaluate("place => place.getBoundingClientRect().height")
    page.wait_for_function(f"Math.abs(document.querySelector('iframe').height - {height}) <= 1")
    # The simulation asks for a worker, is refused, and runs on the page.
    assert all("Creating a worker" in trouble for trouble in page.troubles), page.troubles


def test_under_the_policy_nothing_is_refused_to_a_figure_without_steps(new_page, folder):
    page = new_page()
    page.goto(f"{folder.as_uri()}/strict_everything.html")
    page.locator("html[data-live=ready]").wait_for()
    before = said(page)
    page.locator('[data-control="scale"] input').press("End")
    page.get_by_text("At scale 100 ").wait_for()
    assert said(page) != before
    page.assert_clean()


def test_without_scripts_there_is_a_picture(new_page, folder):
    page = new_page(390, 844, java_script_enabled=False)
    page.goto(f"{folder.as_uri()}/everything.html")
    assert said(page).startswith("At scale 50 ")
    boxes = [picture.bounding_box() for picture in page.locator(".live-narrow").all()]
    assert len(boxes) == 2 and all(box["width"] > 300 and box["height"] > 200 for box in boxes)


def saved_from(page, name, folder):
    page.locator(f'#live-{name} [data-action="embed"]').dispatch_event("click")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the file").click()
    download.value.save_as(folder / f"embedded_{name}.html")
    assert download.value.suggested_filename == f"{name}.html"
    page.get_by_role("button", name="Close").click()
    return folder / f"embedded_{name}.html"


def test_a_page_gives_its_figure_as_a_file_in_the_state_of_now(new_page, folder):
    page = new_page()
    open_page(page, f"{(folder / 'page.html').as_uri()}#everything.scale=50&hide=everything.fmt")
    settle(page)
    page.locator('#live-everything [data-action="embed"]').dispatch_event("click")
    assert page.locator(".live-embed textarea").count() == 0, "a folder has no address"
    page.keyboard.press("Escape")
    page.locator("#live-learner").get_by_role("button", name="Step").click()
    page.wait_for_function("liveFigures.figures.get('learner').values.steps[0] === 1")
    settle(page)
    for figure in FIGURES:
        shown = page.locator(f"#live-{figure.name} .live-readout").inner_text()
        saved = saved_from(page, figure.name, folder)
        held, python = Saved(saved), Saved(folder / f"{figure.name}.html")
        assert held.held["scripts"] == python.held["scripts"] and held.held["styles"] == python.held["styles"]
        assert held.module.size < 1.2 * python.module.size, "it has the kernels of its figure alone"
        assert len(held.text) < 1.1 * len(python.text)
        other = new_page()
        open_page(other, saved.as_uri())
        assert said(other) == shown
        assert "Two figures. Made with Softmax at the Edge." in other.locator(".live-made").inner_text()
        other.locator("input[type=range]").first.press("End")
        settle(other)
        assert said(other) != shown
        if figure is learner:
            other.get_by_role("button", name="Fast").click()
            other.get_by_text("All are right.").wait_for()
        else:
            assert other.locator('[data-control="fmt"]').is_hidden()
        other.assert_clean()
    page.assert_clean()


# Bytes of the file of each figure, as the button makes it; what it would download is not written.
WEIGH = """async () => {
  const [sizes, made] = [{}, URL.createObjectURL];
  HTMLAnchorElement.prototype.click = () => {};
  for (const [name, figure] of liveFigures.figures) {
    const size = new Promise((done) => (URL.createObjectURL = (file) => (done(file.size), made.call(URL, file))));
    figure.root.querySelector('[data-action="embed"]').click();
    const dialog = figure.root.querySelector(".live-embed");
    [...dialog.querySelectorAll("button")].find((button) => button.textContent === "Download the file").click();
    sizes[name] = await size;
    dialog.close();
  }
  return sizes;
}"""


@pytest.mark.parametrize("place", HEAVY)
def test_files_of_heavy_pages_are_light(new_page, http_base, place):
    page = new_page()
    open_page(page, f"{http_base}/{place}.html")
    sizes = page.evaluate(WEIGH)
    assert {name: size for name, size in sizes.items() if size > LARGEST} == {}


@pytest.mark.parametrize("chapter, name", [("vanishing_loss", "vanishing_loss"), ("grokking_live", "grokking"),
                                           ("one_family", "noisy_digits"), ("promises_about_outputs", "boxes")])
def test_figures_of_the_book_live_from_files(new_page, http_base, tmp_path, chapter, name):
    page = new_page()
    open_page(page, f"{http_base}/notebooks/{chapter}.html")
    files = {name: saved_from(page, name, tmp_path)}
    shown = page.locator(f"#live-{name} .live-readout").inner_text()
    page.assert_clean()
    page = new_page(390, 844)
    assert open_page(page, files[name].as_uri()) == [name]
    assert said(page) == shown and page.locator(".live-marks > *").count() > 1
    page.locator("input[type=range]").first.press("End")
    settle(page)
    assert said(page) != shown
    if name in ("grokking", "noisy_digits"):
        page.get_by_role("button", name="Play").click()
        page.wait_for_function(f"liveFigures.figures.get('{name}').values.steps[0] > 2")
    assert not [url for url in page.requests if not url.startswith(("file:", "blob:"))]
    page.assert_clean()


def test_a_page_shows_one_figure_alone(new_page, folder):
    page = new_page(390, 844)
    address = f"{folder.as_uri()}/page.html?only=everything&theme=dark#everything.scale=50"
    assert open_page(page, address) == ["everything"]
    assert said(page.locator("#live-everything")).startswith("At scale 50 ")
    for hidden in ("header", "h1", "#live-learner", "article > p"):
        assert page.locator(hidden).first.is_hidden()
    assert page.get_by_role("link", name="Two figures — Book").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 30)"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.assert_clean()


def test_an_unknown_figure_leaves_the_page_and_is_told(new_page, folder):
    page = new_page()
    assert open_page(page, f"{folder.as_uri()}/page.html?only=nothing") == ["everything", "learner"]
    said = "There is no figure “nothing” on this page; there are: everything, learner."
    assert page.get_by_role("alert").inner_text() == said
    assert page.locator("h1").is_visible()


def test_a_framed_page_tells_the_height_of_its_figure(new_page, folder):
    page = new_page(800, 1000)
    page.goto(f"{folder.as_uri()}/only.html")
    frame = page.frames[1]
    frame.locator("html[data-live=ready]").wait_for()
    height = frame.locator("#live-learner").evaluate("place => place.getBoundingClientRect().height")
    page.wait_for_function(f"Math.abs(document.querySelector('iframe').height - {height}) <= 1")
    page.assert_clean()
