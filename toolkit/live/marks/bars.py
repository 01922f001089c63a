"""Bars, side by side where a plot has several marks of them."""
from dataclasses import dataclass
from math import floor

from toolkit.live.marks._series import Series, rail_svg
from toolkit.live.style import ROLES
from toolkit.live.svg import group, pixel

__all__ = ["Bars"]

BAR_GAP = 0.25  # between the bars of two places, as a share of their distance


@dataclass(frozen=True)
class Bars(Series):
    """One bar per entry; exact zeros are drawn as hollow markers."""

    draws = "bars"

    def binding(self, plot):
        return super().binding(plot) | {"zeros": True}

    def look(self, plot):
        bars = [mark for mark in plot.traces if isinstance(mark, Bars)]
        return super().look(plot) | {"hollow": bool(ROLES[self.role].pattern), "order": bars.index(self),
                                     "count": len(bars)}

    @staticmethod
    def svg(look, frame, slots, labels):
        centres = [pixel(frame["x"], x) for x in slots["x"]]
        gap = centres[1] - centres[0] if len(centres) > 1 else 5 * frame["width"]
        width = 0.75 * gap / look["count"]
        foot = 10 * frame["height"] if frame["y"]["log"] else pixel(frame["y"], 0.0)
        body, places = "", {}
        for x, centre, y in zip(slots["x"], centres, slots["y"]):
            left = floor(centre + (look["order"] - look["count"] / 2) * width + 0.5)
            places[x] = floor(left + width / 2 + 0.5)
            if y is not None:
                top = pixel(frame["y"], y)
                body += f'<rect x="{left}" y="{min(top, foot)}" width="{floor(width)}" height="{abs(foot - top)}"/>'
                labels.box(left, min(top, foot), left + floor(width), max(top, foot))
        return group(look, _group_of(look), body) + rail_svg(look, frame, slots, labels, places, leads=True)

    @staticmethod
    def sample(look, x, middle):
        return group(look, _group_of(look), f'<rect x="{x + 4}" y="{middle - 6}" width="16" height="12"/>')

    def plotly_data(self):
        pattern = {"shape": ROLES[self.role].pattern, "fgcolor": "$ground", "size": 7, "solidity": 0.35}
        return [self.plotly_base(type="bar", marker={"color": f"${self.role}", "pattern": pattern}),
                self.plotly_rail()]

    def sideways(self, plot, x):
        bars = [mark for mark in plot.traces if isinstance(mark, Bars)]
        gap = x[1] - x[0] if len(x) > 1 else 1.0
        return (1 - BAR_GAP) * gap * ((bars.index(self) + 0.5) / len(bars) - 0.5)


def _group_of(look):
    return "hollow" if look["hollow"] else "bars"
