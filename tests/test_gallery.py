"""What the gallery says of each method besides its figure."""
import json
import re
from pathlib import Path

import numpy as np
import pytest

from toolkit.catalog import FAMILIES, METHODS, get_method
from toolkit.course.gallery import FORMATS, PAGES, Contents, Entry
from toolkit.formats import round_to, ulp_error
from toolkit.softmax import softmax


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_errors_in_every_format(method):
    errors = method.largest_errors(FORMATS)
    assert all(error >= 0 for error in errors.values()) and np.isfinite(errors.get("float32", 0))
    assert ("in ulp" in Entry(method)._repr_markdown_()) == (len(errors) == 5)


def test_methods_that_emulate_formats_say_their_errors():
    kinds = {"Elementwise", "EntryLoss", "Loss", "RowMap", "RowOfNumber", "Scalar", "Surrogate"}
    assert {m.kind for m in METHODS if m.largest_errors(("float16",))} == kinds
    assert [m.name for m in METHODS if m.kind in kinds and m.family in ("softmax", "activation", "loss", "sampling")
            and not m.largest_errors(("float16",))] == ["smooth_adversarial_comp_sum", "distillation_loss",
                                                                 "squared_logit_loss"]


def test_errors_are_those_of_the_function():
    method = get_method("softmax")
    low, high = method.plot_range
    x = round_to(np.linspace(low, high, 161), "float16")
    z = np.stack([x, 0 * x, 0 * x - 1], axis=1)
    expected = ulp_error(softmax(z, format="float16"), softmax(z, format="float64"), "float16")[:, 0].max()
    assert method.largest_errors(["float16"])["float16"] == expected


def test_every_family_is_on_one_page_in_a_section_of_its_own():
    assert sorted(family for families in PAGES.values() for family in families) == sorted(FAMILIES)
    for page, families in PAGES.items():
        text = (Path(__file__).parents[1] / f"book/{page}.md").read_text(encoding="utf-8")
        assert re.findall(r"^## (.*)", text, re.MULTILINE) == [FAMILIES[family] for family in families]
        assert re.findall(r'entries\("(\w+)"\)', text) == list(families)
        assert len(families) == 1 or re.findall(r'id="family-(\w+)"', text) == ["all", *families]


def test_the_contents_lead_to_every_method():
    html = Contents()._repr_html_()
    assert set(re.findall(r"#live-(\w+)", html)) == {method.name for method in METHODS}
    places = json.loads(html.rpartition('class="moved">')[2].removesuffix("</script>"))
    assert places["swish"] == places["activations"] == "gallery_activations"
