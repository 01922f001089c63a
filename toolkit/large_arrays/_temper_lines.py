"""Gaps to the largest number of a line over a temperature."""
import numpy as np

from toolkit._core.across_lanes import any_of
from toolkit._core.kernel import kernel
from toolkit._core.lane_arithmetic import choose
from toolkit._core.lanes import load, spread, store, width_of
from toolkit.large_arrays._lines import shared_top, walk_of
from toolkit.large_arrays._walks import count_at, largest, place, steps_of

__all__ = ["temper_lines"]


@kernel(forceinline=True)
def quotient(gap, tau):
    """``gap / tau`` with its limits: 0 and -inf stay at any temperature."""
    return choose(gap == 0.0, gap, choose(gap == -np.inf, gap, gap / tau))


@kernel
def temper_lines(task, z, lines, first, out):
    """``(z - max z) / tau``; of a gap that overflows, twice the quotient of its half."""
    for i in range(lines.count):
        walk = walk_of(lines, i, width_of(z))
        m = shared_top(lines, largest(z, walk))
        tau = spread(task.tau, m)
        for t in range(steps_of(walk)):
            at, count = place(walk, t), count_at(walk, t)
            x = load(z, at, count, -np.inf)
            gap = x - m
            y = quotient(gap, tau)
            if any_of(gap == -np.inf):
                far = 2.0 * quotient(0.5 * x - 0.5 * m, tau)
                y = choose(gap == -np.inf, far, y)
            store(out, at, count, y)
