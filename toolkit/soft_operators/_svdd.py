"""The choice among proposals in guided decoding: one of them, drawn by its soft value."""
from toolkit._core.arguments import check_temperature
from toolkit._core.kernel import kernel
from toolkit.sampling._rows import map_beside
from toolkit.sampling.kernels import gumbel_max_row
from toolkit.softmax._temperature import tempered_row

__all__ = ["svdd_choice"]
KERNELS = ["svdd_choice_row"]


@kernel
def svdd_choice_row(z, noise, tau, out):
    """One-hot of the largest ``(z - max z) / tau + noise``: a draw from softmax(z / tau)."""
    tempered_row(z, tau, out)
    gumbel_max_row(out, noise, out)


def svdd_choice(z, noise, *, temperature=1.0, axis=-1, where=None, format=None):
    """Choose one of M proposals by its value: a draw from ``softmax(z / tau)``, as a one-hot vector.

    This is a step of soft value-based decoding: M proposals are drawn from a model, and the chosen one goes on. With
    many proposals and exact soft values it follows ``p exp(z / tau)``, normalised; with few it is biased towards the
    model by an order of 1 / M. At tau = 0 it is the best of M: then the more proposals, the farther from the model,
    whatever temperature the values have. (The paper's code chooses so: it takes the largest weight.)

    Parameters
    ----------
    z : array_like (..., M)
        Soft values of the proposals.
    noise : array_like, broadcast with `z`
        As `toolkit.sampling.gumbel_noise` makes it.
    temperature : float >= 0
        tau, that of the values.
    axis, where, format
        As in `toolkit.sampling.gumbel_max`.

    Returns
    -------
    One-hot vectors (..., M), (..., M) -> (..., M) in the dtype of `z`. NaN as in `toolkit.sampling.gumbel_max`.

    Accuracy
    --------
    Each quotient by tau and each sum with the noise is rounded once. Tested: exact where the largest two of the rounded
    sums differ; of equal ones the first is chosen.

    References
    ----------
    X. Li et al., Derivative-Free Guidance in Continuous and Discrete Diffusion Models with Soft Value-Based Decoding,
    arXiv:2408.08252.

    Examples
    --------
    >>> svdd_choice([1.0, 0.0], [0.0, 1.5])
    array([0., 1.])
    >>> svdd_choice([1.0, 0.0], [0.0, 1.5], temperature=0)
    array([1., 0.])
    """
    return map_beside(svdd_choice_row, z, {"noise": noise}, check_temperature(temperature), axis=axis, where=where,
                      format=format)
