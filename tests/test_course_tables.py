"""Tables of chapters as they are shown, and what is said of a row that does not fit."""
import pytest

from toolkit.course import Table


def test_a_table_is_shown_as_text_and_as_html():
    table = Table("Sums", ("n", "in order"), [(16, "3.1"), (256, "a < b")], note="In ulp.",
                  groups=(("", 1), ("error", 1)))
    assert str(table) == "Sums\n        error\nn    in order\n16        3.1\n256     a < b\nIn ulp."
    html = table._repr_html_()
    assert "<caption><b>Sums</b></caption>" in html and '<th scope="row">256</th><td>a &lt; b</td>' in html


def test_a_row_that_does_not_fit_is_named():
    with pytest.raises(ValueError, match=r"Table\(\): rows\[1\] has 1 cells; allowed: 2, as the head has"):
        Table("Sums", ("n", "error"), [(16, 0.1), (256,)])
    with pytest.raises(ValueError, match=r"Table\(\): groups is .*; allowed: spans that sum to 2"):
        Table("Sums", ("n", "error"), [(16, 0.1)], groups=(("error", 3),))
