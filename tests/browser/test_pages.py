"""Every figure on every page of the built book, driven in Chromium: no dead slider can ship."""
import re

import pytest
from drive import choose, controls, move, open_page, settle, snapshot

pytestmark = pytest.mark.browser

VIEWS = {"desktop light": (1280, 900, False), "desktop dark": (1280, 900, True), "phone light": (390, 844, False),
         "phone dark": (390, 844, True), "narrowest": (320, 640, False)}
THEMES = ("dark", "light")
GALLERY = ["book/gallery_softmax", "book/gallery_choices", "book/gallery_activations", "book/gallery_losses",
           "book/gallery_preferences", "book/gallery_representations", "book/gallery_networks",
           "book/gallery_uncertainty", "book/gallery_others"]
LIVE = ["book/intro", *GALLERY, "notebooks/numbers_with_gaps", "notebooks/cost_of_exp", "notebooks/softmax_five_ways",
        "notebooks/memory_wall", "notebooks/vanishing_loss", "notebooks/temperature", "notebooks/experts_and_gates",
        "notebooks/sparse_maps", "notebooks/sampling", "notebooks/attention_without_softmax",
        "notebooks/decoding_and_entropy", "notebooks/soft_choices", "notebooks/weights_that_walk",
        "notebooks/activation_gallery", "notebooks/learned_activations", "notebooks/keeping_gradients_alive",
        "notebooks/thresholds_and_codes", "notebooks/competition", "notebooks/infinitely_wide",
        "notebooks/what_does_a_layer_know", "notebooks/promises_about_outputs", "notebooks/one_family",
        "notebooks/proper_losses", "notebooks/regression_by_classification", "notebooks/is_it_calibrated",
        "notebooks/sets_with_a_promise", "notebooks/knowing_what_it_does_not_know",
        "notebooks/teachers_and_adversaries", "notebooks/preferences", "notebooks/without_the_sum",
        "notebooks/shapes_of_representations", "notebooks/codes_and_laws", "notebooks/softmax_collapse",
        "notebooks/collapse_under_adam", "notebooks/grokking_live", "notebooks/why_it_waits", "notebooks/paper_rerun",
        "notebooks/benchmarks", "notebooks/coming_from", "notebooks/primer"]
VARIED = [name for name in LIVE if name not in GALLERY]  # whose figures are of a few kinds: one view is enough
API = ["book/api", "book/api_softmax", "book/api_activations", "book/api_losses", "book/api_targets",
       "book/api_unnormalized", "book/api_sampling", "book/api_attention", "book/api_decoding",
       "book/api_soft_operators", "book/api_representations", "book/api_preferences", "book/api_uncertainty",
       "book/api_collapse", "book/api_formats", "book/api_kernels", "book/api_kernels_losses",
       "book/api_kernels_networks", "book/api_kernels_uncertainty", "book/api_live", "book/api_catalog",
       "book/api_networks", "book/api_training"]
STILL = ["book/gallery", *API, "book/teach", "book/references", "book/map", "book/glossary", "book/verdicts",
         "book/quiz", "book/use_in_your_work", "notebooks/temperature_and_gates", "search", "genindex"]


@pytest.fixture(params=["http", "file"])
def base(request, http_base, built_book):
    return http_base if request.param == "http" else built_book.as_uri()


# Texts of a page that have less than 2.5:1 of contrast to white paper, or stand on a dark ground.
FAINT = """() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => channels(colour).slice(0, 3).map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const [, , , opacity = 1] = channels(getComputedStyle(e).backgroundColor);
      if (opacity > 0.5) return light(getComputedStyle(e).backgroundColor);
    }
    return 1;
  };
  const said = (e) => [...e.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  return [...document.querySelectorAll(".bd-article *")].filter((e) => said(e) && e.checkVisibility()).filter((e) => {
    const style = getComputedStyle(e);
    return light(e.closest("svg") ? style.fill : style.color) > 0.37 || ground(e) < 0.7;
  }).map((e) => [e.tagName, e.className.baseVal ?? e.className, e.textContent.slice(0, 60)]).slice(0, 10);
}"""


# What is wider than its place beside figures, and does not show it at its edges, or is no named stop of the Tab key.
CUT_OFF = """() => [...document.querySelectorAll(".bd-article *:not(svg *, .live-figure *)")].filter((e) => {
  const { overflowX, backgroundAttachment } = getComputedStyle(e);
  const room = e.clientWidth + (e.matches(".math") ? 10 : 1); // slanted letters reach into the padding of a formula
  if (overflowX === "visible" || e.scrollWidth <= room || e.closest("mjx-assistive-mml")) return false;
  const shows = /auto|scroll/.test(overflowX) && backgroundAttachment.includes("local");
  return !shows || e.tabIndex !== 0 || !(e.ariaLabel || e.querySelector(":scope > caption"));
}).map((e) => [e.tagName, e.className, e.scrollWidth, e.clientWidth, e.textContent.trim().slice(0, 60)])"""
FORMULAS = 'document.querySelectorAll("mjx-container").length >= document.querySelectorAll(".bd-article .math").length'


def fits(page, width):
    return page.evaluate("document.documentElement.scrollWidth") <= width


def cut_off(page):
    """With all folds open. The script that makes stops of the Tab key waits until the page has come to rest."""
    page.evaluate("""() => {
      window.folds = [...document.querySelectorAll(".bd-article details:not([open])")];
      for (const fold of folds) fold.open = true;
    }""")
    page.wait_for_function(FORMULAS)
    page.wait_for_timeout(300)
    found = page.evaluate(CUT_OFF)
    page.evaluate("for (const fold of folds) fold.open = false")
    return found


def test_the_lists_name_every_page(built_book):
    pages = {p.relative_to(built_book).with_suffix("").as_posix(): p.read_text(encoding="utf-8")
             for p in built_book.rglob("*.html") if "_static" not in p.parts}
    assert {name for name, text in pages.items() if 'class="live-figure"' in text} == set(LIVE)
    assert set(pages) - set(LIVE) - set(STILL) <= {"index", "py-modindex"}


@pytest.mark.parametrize("opened", LIVE, indirect=True)
def test_axe_finds_nothing_serious_in_our_figures(opened, axe):
    opened.evaluate(axe)
    for theme in THEMES if opened.name in VARIED else ["light"]:
        opened.emulate_media(color_scheme=theme)
        opened.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=theme)
        found = opened.evaluate("axe.run('.live-figure', { preload: false })")["violations"]  # it would ask for styles
        serious = [(v["id"], v["nodes"][0]["html"][:120]) for v in found if v["impact"] in ("serious", "critical")]
        assert not serious, theme


def drive(page, all_moves):
    """Move every control of every figure; with `all_moves` of the first figure that has such controls, to all values,
    of the others until both what is drawn and the sentence have changed."""
    figures, known = page.evaluate("[...liveFigures.figures.keys()]"), set()
    for figure in figures:
        page.locator(f"#live-{figure}").scroll_into_view_if_needed()
        sentences, kinds = set(), controls(page, figure)
        brief = not all_moves or str(kinds) in known
        known.add(str(kinds))
        for control, kind in kinds:
            seen = {snapshot(page, figure)}
            for shown, said in move(page, figure, control, kind):
                seen.add(shown)
                sentences.add(said)
                if brief and len(seen) > 1 and len(sentences) > 1:
                    break
            assert len(seen) > 1, f"control {control!r} of figure {figure!r} moves nothing"
            page.evaluate("name => liveFigures.figures.get(name).reset()", figure)
        assert len(sentences) > 1, f"the readout of figure {figure!r} never changes"
        assert not any("{" in text or "undefined" in text for text in sentences), sentences
    page.assert_clean()


@pytest.mark.parametrize("opened", LIVE, indirect=True)
def test_every_control_of_every_figure_moves_something(opened):
    drive(opened, all_moves=True)
    assert fits(opened, 1280)


@pytest.mark.parametrize("name", VARIED)
def test_every_control_moves_something_on_a_phone_from_a_folder(new_page, built_book, name):
    width, height, dark = VIEWS["phone dark"]
    page = new_page(width, height, dark=dark)
    assert open_page(page, f"{built_book.as_uri()}/{name}.html")
    drive(page, all_moves=False)
    assert fits(page, width)


def check_views(page):
    for width, height, dark in [*VIEWS.values(), VIEWS["desktop light"]]:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="dark" if dark else "light")
        assert fits(page, width)
        assert width > 320 or cut_off(page) == []
    page.assert_clean()


@pytest.mark.parametrize("opened", LIVE, indirect=True)
def test_a_page_of_figures_fits(opened):
    check_views(opened)


@pytest.mark.parametrize("name", STILL)
def test_a_page_is_clean_and_fits(new_page, http_base, name):
    page = new_page()
    page.goto(f"{http_base}/{name}.html")
    page.wait_for_load_state("networkidle")
    check_views(page)


@pytest.mark.parametrize("name", ["book/intro", "book/api", "book/teach", "notebooks/vanishing_loss",
                                  "notebooks/grokking_live", "notebooks/benchmarks", "notebooks/paper_rerun"])
def test_the_dark_theme_prints_dark_on_white(new_page, http_base, name):
    page = new_page(1280, 900, dark=True)
    page.goto(f"{http_base}/{name}.html")
    page.wait_for_load_state("networkidle")
    assert page.evaluate(FAINT), "the page is dark"
    page.emulate_media(media="print")
    page.wait_for_function("document.documentElement.dataset.theme === 'light'")
    assert page.evaluate(FAINT) == []
    page.emulate_media(media="screen")
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")


def test_state_travels_in_the_address(new_page, base):
    page = new_page(1280, 900)
    open_page(page, f"{base}/book/intro.html")
    page.locator("#live-hero select").select_option("bfloat16")
    page.locator("#live-hero input").press("End")
    page.wait_for_function("location.hash.includes('hero.fmt=bfloat16') && location.hash.includes('hero.scale=120')")
    shown = snapshot(page, "hero")
    other = new_page(1280, 900)
    open_page(other, page.url)
    assert snapshot(other, "hero") == shown
    other.get_by_role("button", name="Reset").first.click()
    settle(other)
    assert snapshot(other, "hero") != shown


@pytest.mark.parametrize("address", ["hero.scale=1e9", "hero.scale=-5", "hero.scale=x", "hero.fmt=float12", "hero.=1",
                                     "nobody.scale=2", "hide=hero.nothing", "%E0%A4%A", "hero.scale=&hero.fmt="])
def test_a_wrong_address_does_no_harm(new_page, http_base, address):
    page = new_page(1280, 900)
    open_page(page, f"{http_base}/book/intro.html#{address}")
    low, high = 1.0, 120.0
    assert low <= page.evaluate("liveFigures.figures.get('hero').inputs.scale.read()") <= high


def test_a_teacher_hides_a_control(new_page, http_base):
    page = new_page(1280, 900)
    open_page(page, f"{http_base}/book/intro.html#hero.fmt=float32&hide=hero.fmt")
    assert page.locator('#live-hero [data-control="fmt"]').is_hidden()
    assert page.locator('#live-hero [data-control="scale"]').is_visible()
    assert "In the hidden number format at scale" in page.locator("#live-hero .live-readout").inner_text()


def test_copy_link_gives_this_state(new_page, http_base):
    page = new_page(1280, 900, permissions=["clipboard-read", "clipboard-write"])
    open_page(page, f"{http_base}/book/intro.html")
    page.locator("#live-hero select").select_option("float8_e4m3fn")
    choose(page, "hero", "Copy link")
    page.wait_for_function("document.querySelector('#live-hero .live-told').textContent === 'Link copied.'")
    assert page.evaluate("navigator.clipboard.readText()").endswith("/book/intro.html#hero.fmt=float8_e4m3fn")


def test_the_plot_follows_the_theme(new_page, http_base):
    page = new_page(1280, 900)
    open_page(page, f"{http_base}/book/intro.html")
    ink = "getComputedStyle(document.querySelector('#live-hero .live-marks rect')).stroke"
    before = page.evaluate(ink)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_function(f"before => {ink} !== before", arg=before)


def test_without_scripts_the_default_state_is_there(new_page, http_base):
    page = new_page(390, 844, java_script_enabled=False)
    page.goto(f"{http_base}/book/intro.html")
    figure = page.locator("#live-hero")
    assert figure.locator("svg.live-narrow .live-marks > g").count() >= 4
    assert "naive loss is exactly 0" in figure.locator(".live-readout").inner_text()
    assert page.locator("#live-hero input").is_disabled()


def test_a_finger_moves_a_slider(new_page, http_base):
    page = new_page(390, 844, touch=True)
    open_page(page, f"{http_base}/book/intro.html")
    slider = page.locator("#live-hero input")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box["height"] >= 32
    before = snapshot(page, "hero")
    page.touchscreen.tap(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2)
    settle(page)
    assert snapshot(page, "hero") != before


@pytest.mark.parametrize("width", [1280, 390])
def test_a_marker_is_dragged_to_where_the_pointer_goes(new_page, http_base, width):
    page = new_page(width=width, height=900)
    open_page(page, f"{http_base}/notebooks/sparse_maps.html")
    handle = page.locator("#live-sparse_triangle .live-handle:visible")
    handle.scroll_into_view_if_needed()
    box, before = handle.bounding_box(), snapshot(page, "sparse_triangle")
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y - 20, steps=4)
    page.mouse.up()
    settle(page)
    after = handle.bounding_box()
    assert abs(after["x"] - box["x"] - 30) < 3 and abs(after["y"] - box["y"] + 20) < 3  # within the sliders' steps
    assert snapshot(page, "sparse_triangle") != before
    page.wait_for_function("location.hash.includes('sparse_triangle.across=')")


@pytest.mark.parametrize("width", [1280, 390])
def test_a_box_is_dragged_in_all_plots_at_once(new_page, http_base, width):
    page = new_page(width=width, height=900)
    open_page(page, f"{http_base}/notebooks/soft_choices.html")
    handles = page.locator("#live-two_people .live-handle:visible")
    assert handles.count() == 2
    handles.first.scroll_into_view_if_needed()
    before = [handle.bounding_box() for handle in handles.all()]
    x, y = (before[0][at] + before[0][size] / 2 for at, size in (("x", "width"), ("y", "height")))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y - 20, steps=4)
    page.mouse.up()
    settle(page)
    for was, handle in zip(before, handles.all(), strict=True):
        now = handle.bounding_box()
        assert abs(now["x"] - was["x"] - 40) < 3 and abs(now["y"] - was["y"] + 20) < 3
    said = page.locator("#live-two_people .live-readout").text_content()
    assert "Hard suppression keeps both people." in said
    page.wait_for_function("location.hash.includes('two_people.across=')")


def test_a_preset_link_changes_its_figure_alone(new_page, http_base):
    page = new_page(1280, 900)
    first, second, *_ = open_page(page, f"{http_base}/notebooks/vanishing_loss.html")
    page.locator(f"#live-{first} select").select_option("float16")
    settle(page)
    untouched, before = snapshot(page, first), snapshot(page, second)
    page.evaluate("name => { location.hash = `${name}.fmt=bfloat16`; }", second)
    page.wait_for_function("name => liveFigures.figures.get(name).inputs.fmt.read() === 'bfloat16'", arg=second)
    assert snapshot(page, second) != before and snapshot(page, first) == untouched


@pytest.mark.parametrize("old, address, new, figure", [
    ("book/gallery", "#swish.at=2&swish.fmt=bfloat16", "gallery_activations", "swish"),
    ("book/gallery", "#live-swish", "gallery_activations", None),
    ("book/gallery", "#hide=swish.fmt", "gallery_activations", None),
    ("book/gallery", "#activations", "gallery_activations", None),
    ("notebooks/temperature_and_gates", "#same_gate.beta=2&same_gate.tau=0.8", "experts_and_gates", "same_gate"),
    ("notebooks/temperature_and_gates", "?only=filters#filters.tau=2", "temperature", "filters"),
    ("notebooks/temperature_and_gates", "?only=filters", "temperature", None),
    ("notebooks/temperature_and_gates", "#only-some-experts", "experts_and_gates", None),
    ("notebooks/softmax_collapse", "#stops_learning.eps=1e-6", "collapse_under_adam", "stops_learning"),
    ("notebooks/softmax_collapse", "#optional-on-the-real-problem", "collapse_under_adam", None),
])
def test_an_old_address_leads_to_the_page_that_has_the_place(new_page, base, old, address, new, figure):
    page = new_page(1280, 900)
    page.goto(f"{base}/{old}.html{address}")
    page.wait_for_url(f"**/{new}.html*")
    page.wait_for_function("document.documentElement.dataset.live === 'ready'")
    assert page.url.partition(".html")[2].startswith(address.partition("#")[0])
    if figure:
        assert page.url.endswith(address)
        control, value = re.search(rf"#{figure}\.(\w+)=([\d.e-]+)", address).groups()
        shown = page.evaluate("([figure, name]) => liveFigures.figures.get(figure).inputs[name].read()",
                              [figure, control])
        assert shown == pytest.approx(float(value))
    assert not [said for said in page.troubles if not said.startswith("failed")]  # the first page did not finish


def test_an_old_place_of_another_name_is_found(new_page, base):
    page = new_page(1280, 900)
    page.goto(f"{base}/notebooks/temperature_and_gates.html#two-more-relatives")
    page.wait_for_url("**/temperature.html#optional-three-relatives")
    page.goto(f"{base}/notebooks/temperature_and_gates.html")
    assert page.locator("article li a").all_inner_texts() == ["Temperature", "Experts and gates"]


def test_the_gallery_shows_one_family(new_page, http_base):
    page = new_page(1280, 900)
    open_page(page, f"{http_base}/book/gallery_losses.html")
    page.get_by_role("radio", name="targets").check()
    assert page.locator("#live-cross_entropy").is_hidden() and page.locator("#live-two_hot").is_visible()


def test_a_kernel_that_stops_says_so(new_page, http_base):
    page = new_page(1280, 900)
    open_page(page, f"{http_base}/book/intro.html")
    page.evaluate("""() => {
      const hero = liveFigures.figures.get("hero");
      hero.module = Object.assign(Object.create(hero.module), { call() { throw new Error("hero: no such luck"); } });
    }""")
    page.locator("#live-hero input").press("End")
    settle(page)
    assert page.locator("#live-hero .live-readout").inner_text() == "This figure stopped: hero: no such luck"
