"""The partition function of a Boltzmann machine, by adding up all its states."""
import numpy as np

from toolkit._core.arrays import behaved, real_array
from toolkit._core.exact_sums import add_compensated
from toolkit._core.kernel import kernel
from toolkit.elementary import exp, log

__all__ = ["boltzmann_log_partition"]
KERNELS = ["boltzmann_log_partition_of"]
MOST = 24


@kernel
def boltzmann_log_partition_of(bias, coupling):
    """Log-sum-exp over the 2^n states of n units, by a Gray code: each state differs from the last in one unit."""
    n = bias.size
    s, lost = 0.0, 0.0
    for i in range(n):  # all units are -1
        s, lost = add_compensated(s, lost, -bias[i])
        for j in range(i):
            s, lost = add_compensated(s, lost, coupling[i, j])
    m, total, below = s, 1.0, 0.0
    for count in range(1, 1 << n):
        before = (count - 1) ^ ((count - 1) >> 1)
        flipped = before ^ count ^ (count >> 1)
        i = 0
        while (flipped >> i) & 1 == 0:
            i += 1
        field = bias[i]
        for j in range(n):
            if j != i:
                field += coupling[i, j] if (before >> j) & 1 else -coupling[i, j]
        change = -2.0 * field if (before >> i) & 1 else 2.0 * field
        s, lost = add_compensated(s, lost, change)
        if s > m:
            shrink = exp(m - s)
            total, below = add_compensated(total * shrink, below * shrink, 1.0)
            m = s
        else:
            total, below = add_compensated(total, below, exp(s - m))
    return m + log(total)


def boltzmann_log_partition(bias, coupling):
    """Exact ``log Z`` of a Boltzmann machine, ``Z = sum_x exp(sum_i b_i x_i + sum_{i < j} J_ij x_i x_j)``, x_i = ±1.

    A log-sum-exp over all 2^n states. One more unit doubles the work: ten take microseconds, 24 seconds, and no machine
    will ever add up those of a hundred.

    Parameters
    ----------
    bias : array_like (n,)
        b, for 1 to 24 units.
    coupling : array_like (n, n)
        J, symmetric; its diagonal does not count.

    Returns
    -------
    float

    Special values
    --------------
    NaN or an infinity gives NaN.

    Accuracy
    --------
    Within 1e-13 of 1 + |log Z|, tested for n <= 16.

    References
    ----------
    Ackley, Hinton, Sejnowski, A Learning Algorithm for Boltzmann Machines, Cognitive Science 9 (1985),
    doi:10.1207/s15516709cog0901_7.

    Examples
    --------
    >>> round(boltzmann_log_partition([0.0, 0.0], [[0.0, 1.0], [1.0, 0.0]]), 6)  # log(2 e + 2 / e)
    1.820075
    """
    b, couplings = real_array(bias, "bias"), real_array(coupling, "coupling")
    if b.ndim != 1 or not 1 <= b.size <= MOST:
        raise ValueError(f"bias has shape {b.shape}; allowed: (n,), with n from 1 to {MOST}")
    if couplings.shape != (b.size, b.size):
        raise ValueError(f"coupling has shape {couplings.shape}; allowed: {(b.size, b.size)}, as bias asks for")
    couplings = behaved(couplings, np.float64)
    if not np.array_equal(couplings, couplings.T, equal_nan=True):
        raise ValueError("coupling is not symmetric; allowed: a symmetric matrix")
    beside = couplings[~np.eye(b.size, dtype=bool)]
    if not (np.isfinite(b).all() and np.isfinite(beside).all()):
        return float("nan")
    return float(boltzmann_log_partition_of(behaved(b, np.float64), couplings))
