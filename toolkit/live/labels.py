"""Words on a plot stand where nothing lies. The part `labels.js` of the page's runtime places them in the same way.

Marks tell a `Labels` what they cover and which words they bring, each with the places that it may take, best first.
What is covered is kept in squares of 4 pixels and summed up once, so that trying a place costs four look-ups.
"""
import re
from html import escape
from itertools import accumulate
from math import ceil, floor, inf

__all__ = ["CROWDED", "HATCHED", "NAMED", "Labels", "half_width", "text_box", "text_width"]

SQUARE = 40  # tenths of a pixel, as all lengths here
LETTER, ABOVE, BELOW, MARGIN = 80, 110, 36, 20  # a generous mean width of letters, and the room around a baseline
WIDE = re.compile("[mwMW%]")  # letters half as wide again
# What a square under a word costs; a place further down the list costs 1.
HATCHED, CROWDED, SOLID, WORD, OUTSIDE = 4, 500, 1000, 3000, 1_000_000
NEAR = 100  # a line's name with another line so near may be taken for that line's
NAMED = ("line", "markers")  # kinds of looks whose names may stand beside them
_SHIFT = {"start": 0.0, "middle": 0.5, "end": 1.0}


def text_width(text):
    """Width of a word, by a generous guess."""
    return LETTER * len(text) + LETTER // 2 * len(WIDE.findall(text))


def text_box(x, y, anchor, text):
    """Left, top, right and bottom of a word."""
    width = text_width(text)
    left = floor(x - _SHIFT[anchor] * width)
    return left - MARGIN, y - ABOVE, left + width + MARGIN, y + BELOW


def half_width(text):
    """Half of the room that a word needs."""
    return ceil(text_width(text) / 2) + MARGIN


class Labels:
    """What lies on a plot of a `frame`, and its words."""

    def __init__(self, frame):
        self.width, self.height = 10 * frame["width"], 10 * frame["height"]
        self.columns, self.rows = ceil(self.width / SQUARE), ceil(self.height / SQUARE)
        self.squares, self.lines = ([[0] * self.columns for _ in range(self.rows)] for _ in range(2))
        self.words, self.count = [], 0
        self.worst_name = 0  # what the worst place of a line's or marker's name costs

    def line(self):
        """A number of its own for a line: a bit."""
        self.count += 1
        return 1 << self.count % 31

    def box(self, left, top, right, bottom, weight=SOLID, line=0):
        """A mark covers a box."""
        first, last = max(floor(left / SQUARE), 0), min(floor(right / SQUARE), self.columns - 1)
        for row in range(max(floor(top / SQUARE), 0), min(floor(bottom / SQUARE), self.rows - 1) + 1):
            for column in range(first, last + 1):
                self.squares[row][column] = max(self.squares[row][column], weight)
                self.lines[row][column] |= line

    def path(self, points, line=0):
        """A line runs through points."""
        for start, end in zip(points, points[1:]):
            (x0, y0), (x1, y1) = (start, end) if start[0] <= end[0] else (end, start)
            slope = (y1 - y0) / (x1 - x0) if x1 > x0 else 0.0
            for column in range(max(floor(x0 / SQUARE), 0), min(floor(x1 / SQUARE), self.columns - 1) + 1):
                left, right = max(x0, SQUARE * column), min(x1, SQUARE * (column + 1))
                enters, leaves = y0 + slope * (left - x0), y0 + slope * (right - x0) if x1 > x0 else y1
                self.box(left, min(enters, leaves), left, max(enters, leaves), SOLID, line)

    def word(self, look, text, places, rank, line=0):
        """A word of a mark may stand at any of `places`, ``(x, y, anchor)``; those of low `rank` choose first.

        A place may have a fourth part, the point ``(x, y)`` below it to which a line leads. The name of a `line` keeps
        away from other lines.
        """
        if text and places:
            self.words.append((rank, look, text, places, line))

    def svg(self):
        """All words, each where it covers least."""
        if not self.words:
            return ""
        sums, boxes, shapes = self._sums(), [], ""
        for _, look, text, places, line in sorted(self.words, key=lambda word: word[0]):
            best, least = places[0], inf
            for k, place in enumerate(places):
                if k >= least:
                    break
                cost = self._cost(sums, boxes, text_box(*place[:3], text), line) + k
                if cost < least:
                    best, least = place, cost
            self.worst_name = max(self.worst_name, least if look["kind"] in NAMED else 0)
            x, y, anchor, *lead = best
            boxes.append(text_box(x, y, anchor, text))
            shapes += "".join(f'<path class="live-lead" d="M{left} {top}V{y + 40}"/>' for left, top in lead)
            shapes += (f'<text class="live-{look["kind"]}-word" style="--live-ink:var(--live-{look["role"]}-word)"'
                       f' x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>')
        return shapes

    def _sums(self):
        """Sums over all squares above and left of each corner."""
        sums = [[0] * (self.columns + 1)]
        for row in self.squares:
            sums.append([above + here for above, here in zip(sums[-1], accumulate(row, initial=0))])
        return sums

    def _cost(self, sums, boxes, box, line):
        left, top, right, bottom = box
        if left < 0 or top < 0 or right > self.width or bottom > self.height:
            return OUTSIDE
        first, last = floor(left / SQUARE), floor((right - 1) / SQUARE) + 1
        upper, lower = sums[floor(top / SQUARE)], sums[floor((bottom - 1) / SQUARE) + 1]
        cost = lower[last] - lower[first] - upper[last] + upper[first]
        for other in boxes:
            across, down = min(right, other[2]) - max(left, other[0]), min(bottom, other[3]) - max(top, other[1])
            if across > 0 and down > 0:
                cost += WORD * ceil(across * down / SQUARE**2)
        return cost + CROWDED if line and cost < SOLID and self._crowded(box, line) else cost

    def _crowded(self, box, line):
        """Whether another line is near."""
        first, upper = (max(floor((start - NEAR) / SQUARE), 0) for start in box[:2])
        last, lower = (floor((end + NEAR) / SQUARE) + 1 for end in box[2:])
        return any(others & ~line for row in self.lines[upper:lower] for others in row[first:last])
