"""The built pages as files: complete in themselves, naming no other host, and true to what they link."""
import base64
import json
import re
import zlib
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import yaml
from heavy_pages import HEAVY

from toolkit.catalog import METHODS
from toolkit.course.exercises import EXERCISES
from toolkit.live.hosts.file import packed
from toolkit.live.runtime import file_page, file_scripts, file_styles

ROOT = Path(__file__).parents[1]
TABLES = {"book/api.html", "book/gallery.html"}  # of all methods: they grow, and their tags pack well
LOADING = {(tag, "src") for tag in ("script", "img", "iframe", "source", "video", "audio", "embed")}
LOADING_LINKS = {"stylesheet", "icon", "shortcut icon", "preload", "modulepreload", "prefetch", "preconnect",
                 "dns-prefetch"}


class Page(HTMLParser):
    """What a page loads, where it leads and by which words, its ids and its blocks of JSON."""

    def __init__(self, path):
        super().__init__()
        self.path, self.loaded, self.links, self.ids, self.blocks, self._block = path, [], [], set(), [], None
        self.said, self._link = [], None
        self.text = path.read_text(encoding="utf-8")
        self.feed(self.text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.ids.add(given.get("id"))
        self._block = given if given.get("type") == "application/json" else None
        self.loaded += [value for name, value in attributes if (tag, name) in LOADING]
        if tag == "link" and given.get("rel") in LOADING_LINKS:
            self.loaded.append(given["href"])
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
            self._link = [given["href"], ""]
            self.said.append(self._link)

    def handle_endtag(self, tag):
        if tag == "a":
            self._link = None

    def handle_data(self, data):
        if self._link:
            self._link[1] += data
        if self._block is not None:
            self.blocks.append((self._block, data))
            self._block = None


@pytest.fixture(scope="module")
def pages(built_book):
    paths = [path for path in built_book.rglob("*.html") if "_static" not in path.parts]
    return {path.relative_to(built_book).as_posix(): Page(path) for path in paths}


def test_a_page_loads_from_its_own_folder_alone(pages, built_book):
    for name, page in pages.items():
        for address in page.loaded:
            parts = urlsplit(address)
            assert not parts.scheme and not parts.netloc, f"{name} loads {address}"
            assert (page.path.parent / unquote(parts.path)).exists(), f"{name} loads the missing {address}"


def test_no_page_brings_what_only_a_server_can_use(pages):
    for name, page in pages.items():
        found = re.findall(r"unpkg|jsdelivr|cdnjs|require\.js|thebe|vnd\.jupyter\.widget", page.text)
        assert not found, f"{name}: {found}"


def test_no_style_loads_from_another_host(built_book):
    for path in built_book.rglob("*.css"):
        text = path.read_text(encoding="utf-8")
        found = re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^)\"']*", text)
        assert not found, f"{path.name}: {found}"


def test_links_inside_the_book_lead_somewhere(pages, built_book):
    for name, page in pages.items():
        for address in page.links:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
            assert target.exists(), f"{name} links to {address}, which is missing"
            known = pages.get(target.relative_to(built_book.resolve()).as_posix())
            if known and parts.fragment and "=" not in parts.fragment:
                assert unquote(parts.fragment) in known.ids, f"{name} links to {address}: no such place"


def test_pages_come_light(pages):
    for name, page in pages.items():
        loaded = " ".join(page.loaded)
        assert "fontawesome" not in loaded, name
        assert ("searchindex" in loaded) == (name == "search.html"), name
        waits = re.findall(r"<script(?=[^>]*data-after-figures)[^>]*>", page.text)
        assert [*map(bool, waits)] == [True] * ('class="live-figure"' in page.text), f"{name}: formulas before figures"
        packed_size = len(zlib.compress(page.text.encode(), 9))
        assert name not in TABLES or packed_size < 70_000, f"{name}: {packed_size}"
        assert not name.startswith("book/api_") or len(page.text) < 330_000, f"{name}: {len(page.text)}"


def test_icons_of_our_own_are_all_that_pages_show(pages, built_book):
    known = set(re.findall(r"^\.(fa-[\w-]+) \{ --icon", (built_book / "_static/icons.css").read_text(), re.MULTILINE))
    classes = {each for page in pages.values() for each in re.findall(r'<(?:i|span) class="(fa[^"]*)"', page.text)}
    shown = {icon for each in classes for icon in re.findall(r"fa-[\w-]+", each)} - {"fa-solid", "fa-lg"}
    assert shown and shown <= known


def test_the_gallery_shows_each_method_in_its_contents(pages):
    cards = re.findall(r'<span class="thumbnail">(.*?)</span>', pages["book/gallery.html"].text, re.DOTALL)
    assert len(cards) == len(METHODS)
    assert all("<path" in card or "<rect" in card for card in cards)


def test_the_first_page_opens_the_book(pages):
    assert re.search(r"url=book/intro\.html", pages["index.html"].text)


def specs(page):
    """The figures of a page, by name."""
    figures = [json.loads(text) for attributes, text in page.blocks if attributes.get("class") == "live-spec"]
    return {figure["name"]: figure for figure in figures}


def test_a_figure_is_small(pages):
    for name, page in pages.items():
        figures = re.findall(r'<figure class="live-figure".*?</figure>', page.text, re.DOTALL)
        module = sum(len(text) for attributes, text in page.blocks if attributes.get("id") == "live-module")
        assert len(figures) == len(specs(page))
        if figures:
            size = (module + sum(map(len, figures))) / len(figures)
            # A simulation with two heat maps of a thousand cells, drawn before anybody plays; a third is its module.
            most = 96_000 if name == "notebooks/grokking_live.html" else 60_000
            assert size <= most, f"{name}: {size:.0f} bytes for each figure"


def test_every_figure_fits_a_file_of_80_kb(pages):
    """With all kernels of its page, which is more than *Embed* takes along, and before it gets pictures."""
    for name, page in pages.items():
        if name.removesuffix(".html") in HEAVY:
            continue
        modules = [json.loads(text) for attributes, text in page.blocks if attributes.get("id") == "live-module"]
        for markup in re.findall(r'<figure class="live-figure".*?</figure>', page.text, re.DOTALL):
            bare = re.sub(r'(<svg class="live-marks"[^>]*>).*?(?=</svg>)', r"\1", markup, flags=re.DOTALL)
            spec = json.loads(re.search(r'class="live-spec">(.*?)</script>', bare, re.DOTALL)[1])
            marks = {look["kind"] for panel in spec["panels"] for look in panel["marks"]}
            held = {"styles": file_styles(), "figure": bare, "module": modules[0]["manifest"],
                    "scripts": file_scripts(marks, spec["kind"] == "simulation")}
            wasm = zlib.decompress(base64.b64decode(modules[0]["wasm"]))
            words = 4 * len(spec["name"] + re.search(r'class="live-readout".*?</p>', bare, re.DOTALL)[0]) + 500
            size = len(file_page()) + len(packed(json.dumps(held).encode() + wasm)) + words
            assert size <= 80_000, f"{name}, {spec['name']}: {size} bytes"


def lights_of(figure):
    """By what a link may name a mark that it lights up: its label, its role, its word."""
    marks = [mark for panel in figure["panels"] for mark in zip(panel["marks"], panel["bindings"])]
    return {text for look, binding in marks for text in (look.get("name"), look["role"], binding.get("text")) if text}


def test_links_to_a_state_name_real_figures_controls_and_values(pages, built_book):
    links = [(name, link) for name, page in pages.items() for link in page.links
             if not urlsplit(link).netloc and "=" in urlsplit(link).fragment]
    assert {name for name, _ in links} >= {"book/teach.html"}
    for name, link in links:
        parts = urlsplit(link)
        path = pages[name].path
        target = (path.parent / parts.path if parts.path else path).resolve()
        figures = specs(pages[target.relative_to(built_book.resolve()).as_posix()])
        state = {key: values[0] for key, values in parse_qs(parts.fragment, strict_parsing=True).items()}
        hidden = state.pop("hide", "")
        lit = parse_qs(parts.fragment).get("light", [])
        state.pop("light", None)
        assert not lit or lights_of(figures[next(iter(state)).split(".")[0]]) >= set(lit), f"{name}: {link}"
        for key in [*state, *filter(None, hidden.split(","))]:
            figure, control = key.split(".")
            spec = {c["name"]: c for c in figures[figure]["controls"]}[control]
            if key in state and "options" in spec:
                assert state[key] in spec["options"], f"{name}: {link}"
            elif key in state and "low" in spec:
                values = [float(value) for value in state[key].split(",")]
                assert all(spec["low"] <= value <= spec["high"] for value in values), f"{name}: {link}"


# Words around a state with a number that is none of its controls'.
OTHER_NUMBERS = {"A laptop of 2010", "ELU and SELU around 0", "A small number beside 1 in float32"}


def numbers_in(text):
    """The numbers that a link's text says, as the page's runtime reads them."""
    text = re.sub(r"\\\(.*?\\\)", "", text)
    text = text.translate(str.maketrans("−⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "--0123456789"))
    text = re.sub(r"(?<=\d)[ \u00a0\u202f](?=\d{3}\b)", "", text)
    text = re.sub(r"(×?)\b10(-\d+)", lambda power: f"{power[1] and 'e' or '1e'}{power[2]}", text)
    found = re.findall(r"(?<![\w.])(-?\d+(?:\.\d+)?(?:e-?\d+)?)(?![\w]|\.\d)(\s?%)?", text)
    return [float(number) / (100 if share else 1) for number, share in found]


def test_numbers_and_words_of_the_prose_are_the_values_that_their_links_set(pages):
    """What a reader scrubs begins at what is written."""
    chapters = {}
    for name, page in pages.items():
        figures = specs(page)
        for link, text in page.said:
            state = parse_qs(link[1:]) if link.startswith("#") and "=" in link else {}
            if not state or not figures:
                continue
            chapters[name] = chapters.get(name, 0) + 1
            figure = next(iter(state)).split(".")[0]
            values = [float(part) for key, given in state.items() if key not in ("light", "hide")
                      for part in re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", given[0])]
            said = numbers_in(text)
            agrees = not said or any(number == pytest.approx(value) for number in said for value in values)
            assert agrees or text in OTHER_NUMBERS, f"{name}: [{text}]({link})"
            for control in figures[figure]["controls"]:
                if control["kind"] == "format" and text in control["options"]:
                    given = state.get(f"{figure}.{control['name']}", [control["value"]])
                    assert given == [text], f"{name}: [{text}]({link})"
    assert len(chapters) >= 20 and min(count for name, count in chapters.items() if "gallery" not in name) >= 2


def test_a_place_that_has_moved_is_where_the_old_address_leads(pages):
    for old, moved in yaml.safe_load((ROOT / "book/moved.yml").read_text(encoding="utf-8")).items():
        for now, places in moved.items():
            page, _, heading = now.partition("#")
            ids = pages[f"{old.rpartition('/')[0]}/{page}.html"].ids
            for place in places:
                assert heading in ids if heading else {place, f"live-{place}"} & ids, f"{old}: {place}"


def test_the_exercise_that_the_teaching_guide_shows_is_one():
    names = re.findall(r'check\("([^"]+)"', (ROOT / "book/teach.md").read_text(encoding="utf-8"))
    assert names and set(names) <= set(EXERCISES)


def words_of(value):
    """All numbers and words in data, those inside sentences too, in lower case."""
    if isinstance(value, (list, dict)):
        return set().union(*map(words_of, value.values() if isinstance(value, dict) else value))
    return {word.rstrip(".") for word in re.findall(r"[\w.+-]+", str(value).lower())}


def test_pages_check_exercises_and_hold_no_answer_in_clear_text(pages):
    forms = {}
    for page in pages.values():
        for data in (json.loads(text) for given, text in page.blocks if given.get("class") == "exercise-data"):
            assert forms.setdefault(data["name"], data) is data, data["name"]
    on_page = {name: exercise for name, exercise in EXERCISES.items() if hasattr(exercise.judge, "kind")}
    assert set(forms) == set(on_page)
    for name, data in forms.items():
        assert len(data["cases"]) >= len(on_page[name].judge.cases)
        solution = on_page[name].solution
        shortest = {str(solution), f"{solution:g}"} if isinstance(solution, (int, float)) else {str(solution)}
        said = words_of({key: data[key] for key in ("kind", "otherwise", *([] if data["among"] else ["expected"]))})
        assert not shortest & said and on_page[name].praise not in json.dumps(data, ensure_ascii=False), name


def test_what_cannot_be_checked_on_a_page_says_so(pages):
    lab = sum(page.text.count('class="exercise exercise-lab"') for page in pages.values())
    assert lab == sum(not hasattr(exercise.judge, "kind") for exercise in EXERCISES.values())


@pytest.fixture
def extension(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "book/_ext"))


@pytest.mark.parametrize(("url", "buttons"), [
    ("", set()),
    ("https://github.com/someone/book", {"binderhub_url", "colab_url"}),
    ("https://gitlab.com/someone/book", {"binderhub_url"}),
])
def test_buttons_come_with_a_repository(extension, url, buttons):
    from repository import add_buttons

    config = SimpleNamespace(html_theme_options={"repository_url": url})
    add_buttons(None, config)
    options = config.html_theme_options
    assert options.get("use_repository_button", False) == bool(url)
    assert {key for key in options.get("launch_buttons", {}) if key.endswith("_url")} == buttons


def test_bars_in_docstrings_are_sizes(extension):
    from kernel_docs import escape_bars

    lines = ["Of |x| and ``|y|`` in :math:`|z|`.", "::", "", "    |a|", "", ">>> 1 | 2", "3", "", "Now |b|."]
    escape_bars(None, None, None, None, None, lines)
    assert lines[0] == r"Of \|x\| and ``|y|`` in :math:`|z|`."
    assert (lines[3], lines[5], lines[8]) == ("    |a|", ">>> 1 | 2", r"Now \|b\|.")
