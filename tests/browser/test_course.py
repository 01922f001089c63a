"""What helps a reader along: meanings of words, verdicts that can be filtered, marks on the map."""
import pytest

pytestmark = pytest.mark.browser


def test_a_word_of_the_glossary_shows_its_meaning(new_page, http_base):
    page = new_page()
    page.goto(f"{http_base}/notebooks/primer.html")
    word = page.locator("a.glossary-term", has_text="logits").first
    tip = page.locator("#glossary-tip")
    assert not tip.is_visible()
    word.focus()
    assert "any real number" in tip.inner_text() and tip.get_attribute("role") == "tooltip"
    assert word.get_attribute("aria-describedby") == "glossary-tip"
    box = tip.bounding_box()
    assert 0 <= box["x"] and box["x"] + box["width"] <= page.viewport_size["width"]
    page.keyboard.press("Escape")
    assert not tip.is_visible() and word.get_attribute("aria-describedby") is None
    page.locator("a.glossary-term", has_text="softmax").first.hover()
    assert "exponentials" in tip.inner_text()
    assert page.troubles == []


def test_verdicts_are_found_by_word_and_by_verdict(new_page, http_base):
    page = new_page()
    page.goto(f"{http_base}/book/verdicts.html")
    rows = page.locator("table.verdicts tbody tr:visible")
    every = rows.count()
    page.get_by_label("Verdict").select_option("◐ partly")
    partly = rows.count()
    assert 0 < partly < every and all("partly" in text for text in rows.all_inner_texts())
    page.get_by_label("Search").last.fill("STABLEMAX")
    assert 0 < rows.count() < partly and all("StableMax" in text for text in rows.all_inner_texts())
    assert page.locator(".verdict-filter output").inner_text() == f"{rows.count()} of {every} claims"


def test_the_map_marks_what_was_opened(new_page, http_base):
    page = new_page()
    page.goto(f"{http_base}/book/map.html")
    assert page.locator(".opened").count() == 0
    for name in ("primer", "numbers_with_gaps"):
        page.goto(f"{http_base}/notebooks/{name}.html")
        assert "minutes" in page.locator(".chapter-head").inner_text()
    page.goto(f"{http_base}/book/map.html")
    cards = page.locator("ul.chapter-map li:has(.opened)")
    assert cards.locator("b").all_inner_texts() == ["Primer", "Numbers with gaps"]
    assert cards.locator(".opened").all_inner_texts() == ["✓ opened", "✓ opened last"]
    ink, paper = (page.evaluate(f"getComputedStyle(document.querySelector('{place}')).{colour}")
                  for place, colour in ((".opened", "color"), ("body", "backgroundColor")))
    assert ink != paper
