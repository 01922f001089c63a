"""The handwritten digits that ship with scikit-learn, as chapters take them."""
import numpy as np

__all__ = ["shuffled_digits"]


def shuffled_digits(seed=0):
    """``(inputs, classes)``: 1797 digits of 8 by 8 pixels from 0 to 1, in an order that the seed says.

    Returns
    -------
    inputs : (1797, 64) float64
    classes : (1797,) integers
    """
    from sklearn.datasets import load_digits

    pixels, classes = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(classes))
    return pixels[order] / 16, classes[order]
