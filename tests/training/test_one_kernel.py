"""A function that several rooms need has one kernel, or its accurate form in each."""
import mpmath as mp
import numpy as np
import pytest

from toolkit.activations import kernels
from toolkit.networks.activation import BY_NAME
from toolkit.softmax import dense_to_sparse_gate
from toolkit.softmax.kernels import activated, activated_slope


def test_networks_have_the_kernels_of_the_activations():
    assert BY_NAME["gelu"] == (kernels.gelu_value, kernels.gelu_slope)
    assert BY_NAME["relu"] == (kernels.relu_value, kernels.relu_slope)
    assert BY_NAME["tanh"][0] is kernels.tanh_value


@pytest.mark.parametrize("x", [-12.0, -5.0, -1.5, 0.25, 3.0])
def test_gelu_of_the_gate_keeps_the_left_tail(x):
    gelu = 4  # its place in ACTIVATIONS
    x = mp.mpf(x)
    exact, slope = x * mp.ncdf(x), mp.ncdf(x) + x * mp.npdf(x)
    for dtype, tolerance in ((np.float32, 5e-7), (np.float64, 1e-14)):
        assert float(activated(dtype(x), gelu)) == pytest.approx(float(exact), rel=tolerance, abs=0)
        assert float(activated_slope(dtype(x), gelu)) == pytest.approx(float(slope), rel=20 * tolerance, abs=0)


def test_the_gate_keeps_nan():
    for activation in ("identity", "sigmoid", "tanh", "relu", "gelu"):
        assert np.isnan(dense_to_sparse_gate([0.0, np.nan], activation=activation)).all()
