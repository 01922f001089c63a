"""What the gallery says of each method besides its figure."""
import numpy as np
import pytest

from toolkit.catalog import METHODS, get_method
from toolkit.formats import round_to, ulp_error
from toolkit.course.gallery import largest_errors
from toolkit.softmax import softmax


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_errors_in_every_format(method):
    errors = largest_errors(method)
    assert len(errors) == 5 and all(error >= 0 for error in errors.values())
    assert np.isfinite(errors["float32"])


def test_errors_are_those_of_the_function():
    method = get_method("softmax")
    low, high = method.plot_range
    x = round_to(np.linspace(low, high, 161), "float16")
    z = np.stack([x, 0 * x, 0 * x - 1], axis=1)
    expected = ulp_error(softmax(z, format="float16"), softmax(z, format="float64"), "float16")[:, 0].max()
    assert largest_errors(method)["float16"] == expected
