"""Rows and columns: where they are, and how what lanes hold becomes numbers of lines.

In a row, what a walk has found in its lanes is brought together into one number. In columns, up to 16 side by side,
each lane is a line of its own, and numbers of lines stay in lanes.
"""
from typing import NamedTuple

import numpy as np
from numba.extending import overload

from toolkit._core.across_lanes import any_of, largest_of, sum_of
from toolkit._core.kernel import kernel
from toolkit._core.lane_arithmetic import choose
from toolkit._core.lanes import lane, replaced, spread
from toolkit.large_arrays._walks import merge_lanes

__all__ = ["CALM", "CALM_GAP", "ColumnLines", "RowLines", "by_layout", "calm_columns", "each_of", "first_of",
           "line_count", "lines_from", "merged", "number_of", "row_is_calm", "settled", "shared_top", "summed",
           "walk_of", "walk_with", "walks_together"]

CALM = 2048.0  # k ln 2 is right to a third of an ulp up to here
CALM_GAP = 60.0  # with 2**26 terms in the sum, the smallest quotient is a normal float32
_COUNTED = 2**24  # ties that lanes of float32 can count


class RowLines(NamedTuple):
    """`count` rows of `classes` numbers, one after the other from `base` on."""

    base: int
    count: int
    classes: int


class ColumnLines(NamedTuple):
    """`lanes` columns side by side in `count` walks; `classes` numbers each, `stride` apart."""

    base: int
    count: int
    classes: int
    stride: int
    lanes: int


def by_layout(of_rows, of_columns):
    """A function of kernels that is `of_rows` for `RowLines` as first argument, else `of_columns`."""

    def pick(lines, *others):
        return (of_rows if isinstance(lines, RowLines) else of_columns)(lines, *others)

    @overload(pick)
    def _pick(lines, *others):
        chosen = of_rows if lines.instance_class is RowLines else of_columns
        return lambda lines, *others: chosen(lines, *others)

    return pick


@kernel
def row_walk(lines, i, width):
    return lines.base + i * lines.classes, width, lines.classes // width, width, lines.classes % width


@kernel
def column_walk(lines, i, width):
    return lines.base + i * width, lines.stride, lines.classes, min(width, lines.lanes - i * width), 0


# The walk along the i-th of `lines`: ``walk_of(lines, i, width)``.
walk_of = by_layout(row_walk, column_walk)


@kernel
def row_number(lines, i, width):
    return i


@kernel
def column_number(lines, i, width):
    return i * width


# The number of the first line of the i-th walk: ``first_of(lines, i, width)``.
first_of = by_layout(row_number, column_number)


@kernel
def one_row(lines, walk):
    return 1


@kernel
def some_columns(lines, walk):
    return walk[3]


# How many lines a walk is along: ``line_count(lines, walk)``.
line_count = by_layout(one_row, some_columns)


@kernel
def rows_together(lines, rows):
    return rows


@kernel
def one_walk(lines, rows):
    return 1


# How many walks are taken together, a line in each lane: ``walks_together(lines, rows)``.
walks_together = by_layout(rows_together, one_walk)


@kernel
def rows_from(lines, i, width):
    return min(width, lines.count - i)


@kernel
def columns_from(lines, i, width):
    return min(width, lines.lanes - i * width)


# How many lines those are from the i-th walk on: ``lines_from(lines, i, width)``.
lines_from = by_layout(rows_from, columns_from)


@kernel
def walk_of_row(lines, i, j, width):
    return row_walk(lines, i + j, width)


@kernel
def walk_of_column(lines, i, j, width):
    return column_walk(lines, i, width)


# The walk along the j-th of these lines: ``walk_with(lines, i, j, width)``.
walk_with = by_layout(walk_of_row, walk_of_column)


@kernel
def first_lane(lines, x):
    return lane(x, 0)


@kernel
def as_it_is(lines, x):
    return x


# What all lanes agree on in a row, as a number; of columns, the lanes: ``settled(lines, x)``.
settled = by_layout(first_lane, as_it_is)


@kernel
def number_itself(lines, x, j):
    return x


@kernel
def number_in_lane(lines, x, j):
    return lane(x, j)


# The j-th line's of what `settled` left: ``number_of(lines, x, j)``.
number_of = by_layout(number_itself, number_in_lane)


@kernel
def largest_everywhere(lines, m):
    return spread(largest_of(m), m)


# The largest number of each line, in all lanes of a row, from that of each lane: ``shared_top(lines, m)``.
shared_top = by_layout(largest_everywhere, as_it_is)


@kernel
def sum_of_lanes(lines, x):
    return sum_of(x)


# Sums of lanes as a number for a row: ``summed(lines, x)``.
summed = by_layout(sum_of_lanes, as_it_is)


@kernel
def of_one(lines, values, first, count, like):
    return np.float64(values[first])


@kernel
def of_several(lines, values, first, count, like):
    found = spread(np.float64(values[first]), like)
    for j in range(1, count):
        found = replaced(found, j, np.float64(values[first + j]))
    return found


# The entries of an array for `count` lines from the `first`: ``each_of(lines, values, first, count, like)``.
each_of = by_layout(of_one, of_several)


@kernel(forceinline=True)
def row_is_calm(m, least):
    """Whether the row with these extremes, the first shared by all lanes, is *calm*.

    That is, no number is large, and no exponential far below another but 0.
    """
    top = lane(m, 0)
    return -CALM <= top <= CALM and not any_of(least < max(top - CALM_GAP, -CALM))


@kernel(forceinline=True)
def calm_columns(lines, m, least):
    """1 in the lanes whose column is calm, else 0."""
    lowest = choose(m < CALM_GAP - CALM, -CALM, m - CALM_GAP)
    calm = choose(least < lowest, 0.0, spread(1.0 if lines.classes <= _COUNTED else 0.0, m))
    return choose(m < -CALM, 0.0, choose(CALM < m, 0.0, calm))


@kernel(forceinline=True)
def merge_row(lines, like, total, lost):
    return merge_lanes(like, total, lost)


@kernel
def keep_lanes(lines, like, total, lost):
    return total, lost


# The sum ``(total, lost)`` of each line as numbers for a row: ``merged(lines, like, total, lost)``, `like` a vector of
# what was added.
merged = by_layout(merge_row, keep_lanes)
