"""Error of exp in float32 at every argument whose result is finite and normal, binade by binade.

Measured are the toolkit's, NumPy's, and the textbook's of the chapter *What does exp cost?* with degree 7 and ln 2 in
two parts or in one, and with degree 5. The reference is NumPy's float64 exp; where it is too close to the middle
between two float32 to say which is nearer, mpmath decides. Below 2**-26 all return 1, which is right. Takes a minute
or two.

    python -m benchmarks.exp_binades [--json notebooks/data/exp_binades.json]
"""
import argparse
import json
from pathlib import Path

import mpmath
import numpy as np
from mpmath import mp, mpf

from toolkit._core.kernel import kernel
from toolkit.elementary import exp
from toolkit.formats import FLOAT32
from toolkit.kernels import in_format, quantum
from toolkit.live.page import code_cells

CHAPTER = Path(__file__).parents[1] / "notebooks/cost_of_exp.ipynb"
BINADES = range(-26, 7)
CHUNK = 1 << 20
MARGIN = 2.0**-26  # in ulp of float32; the reference is right to 2**-29
CODE = FLOAT32.code


def textbook():
    """`textbook_exp` as the chapter's first code cells define it, and the head of ln 2 for float32."""
    chapter, cells = {"__name__": "chapter"}, code_cells(CHAPTER)
    while "textbook_exp" not in chapter:
        exec(next(cells), chapter)
    return chapter["textbook_exp"], chapter["head_of_ln2"](CODE)


def methods():
    """Name -> function that fills an array with exp of another, both float32."""
    by_the_book, head = textbook()

    @kernel
    def ours(x, out):
        for i in range(x.size):
            out[i] = exp(x[i])

    @kernel
    def two_parts(x, out):
        row = in_format(x, None)
        for i in range(x.size):
            out[i] = by_the_book(row[i], 7, 3, head)

    @kernel
    def one_constant(x, out):
        row = in_format(x, None)
        for i in range(x.size):
            out[i] = by_the_book(row[i], 7, 1, head)

    @kernel
    def degree_five(x, out):
        row = in_format(x, None)
        for i in range(x.size):
            out[i] = by_the_book(row[i], 5, 3, head)

    return {"toolkit": ours, "NumPy": lambda x, out: np.exp(x, out=out), "two parts": two_parts,
            "one ln 2": one_constant, "degree 5": degree_five}


@kernel
def judge(x, result, truth, last, tally, doubtful):
    """Add to `tally` the largest error, its x, results that are not the nearest float32, and steps down.

    `last` holds the x and result before; what is too close to call goes to `doubtful`. Returns how many those are.
    """
    close = 0
    for i in range(x.size):
        error = abs(np.float64(result[i]) - truth[i]) / quantum(truth[i], CODE)
        if error > tally[0]:
            tally[0] = error
            tally[1] = x[i]
        if abs(error - 0.5) < MARGIN:
            doubtful[close] = i
            close += 1
        elif error > 0.5:
            tally[2] += 1
        if (result[i] - last[1]) * (x[i] - last[0]) < 0.0:
            tally[3] += 1
        last[0] = x[i]
        last[1] = result[i]
    return close


def is_wrong(x, result):
    """Whether a neighbour of the float32 `result` is nearer to exp(x)."""
    with mp.workprec(120):
        exact = mpmath.exp(mpf(float(x)))
        nearer = [abs(mpf(float(np.nextafter(result, np.float32(side)))) - exact) for side in (0, np.inf)]
        return min(nearer) < abs(mpf(float(result)) - exact)


def arguments_of(binade, sign):
    """All float32 of a binade with a finite normal exp, in order of size, in chunks with the true values."""
    first = (binade + 127) << 23
    for start in range(first, first + (1 << 23), CHUNK):
        x = np.float32(sign) * np.arange(start, start + CHUNK, dtype=np.uint32).view(np.float32)
        truth = np.exp(x.astype(np.float64))
        keep = (truth >= FLOAT32.smallest_normal) & (truth <= FLOAT32.max)
        yield x[keep], truth[keep]


def measure(binade, sign, ways):
    """Number of arguments, and name -> (largest error, its x, how many not correctly rounded, steps down)."""
    tallies = {name: np.zeros(4) for name in ways}
    # A first "argument" that no result can be compared with.
    lasts = {name: np.array([np.nan, np.nan]) for name in ways}
    doubtful, points = np.zeros(CHUNK, np.int64), 0
    for x, truth in arguments_of(binade, sign):
        points += x.size
        for name, fill in ways.items():
            result = np.empty_like(x)
            fill(x, result)
            close = judge(x, result, truth, lasts[name], tallies[name], doubtful)
            tallies[name][2] += sum(is_wrong(x[i], result[i]) for i in doubtful[:close])
    return points, tallies


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", metavar="FILE", help="also write the numbers there, for the chapter's figure")
    arguments = parser.parse_args()
    ways = methods()
    table = {"binades": list(BINADES), "points": [[], []]}
    table |= {name: {"largest": [[], []], "wrong": [[], []], "falls": 0, "worst": [0.0, 0.0]} for name in ways}
    for side, sign in enumerate((1, -1)):
        for binade in BINADES:
            points, tallies = measure(binade, sign, ways)
            table["points"][side].append(points)
            for name, (largest, at, wrong, falls) in tallies.items():
                row = table[name]
                row["largest"][side].append(round(largest, 9))
                row["wrong"][side].append(int(wrong))
                row["falls"] += int(falls)
                row["worst"] = max(row["worst"], [float(largest), float(at)])
    print(f"{sum(map(sum, table['points']))} arguments")
    print(f"{'':10}{'max ulp':>14}{'at x =':>16}{'not the nearest':>17}{'steps down':>12}")
    for name in ways:
        row = table[name]
        wrong = sum(map(sum, row["wrong"]))
        print(f"{name:10}{row['worst'][0]:14.9f}{row['worst'][1]:16.9g}{wrong:17}{row['falls']:12}")
    if arguments.json:
        text = json.dumps(table).replace('"largest"', '\n  "largest"').replace('"wrong"', '\n  "wrong"')
        Path(arguments.json).write_text(text.replace('}, "', '},\n "') + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
