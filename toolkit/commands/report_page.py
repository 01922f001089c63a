"""The report of ``diagnose`` as one HTML file that asks for nothing: sentences, plots and an explained table."""
from html import escape

from toolkit.live import Axis, Bars, Line, Plot, Rule
from toolkit.live.drawing import plot_svg
from toolkit.live.runtime import figure_styles, picture_styles
from toolkit.live.slots import fill_slots
from toolkit.live.style import ROLES, css_variables

__all__ = ["report_page"]

_STYLE = """
body { margin: 0 auto; max-width: 56rem; padding: 1rem; font: 16px/1.5 system-ui, sans-serif;
  color: var(--live-text); background: var(--live-ground); }
.wide-table { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid var(--live-grid); }
td { white-space: nowrap; }
small { color: var(--live-muted); }
figure { margin: 1.5rem 0; } figcaption { margin-bottom: .5rem; }
"""


def report_page(report, source):
    """The page of a `CollapseReport` of a file of logits."""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Softmax Collapse: {escape(str(source))}</title>
<style>:root {{ {css_variables("light")} }}
@media (prefers-color-scheme: dark) {{ :root {{ {css_variables("dark")} }} }}
{picture_styles()}{figure_styles()}{_STYLE}</style></head><body>
<h1>Softmax Collapse in {escape(str(source))}</h1>
{report._repr_html_()}
{_shares(report)}{_margins(report)}
</body></html>
"""


def _figure(plot, values, caption):
    """Two widths of a plot, of which the page shows one, below a sentence."""
    filled = fill_slots(plot.bindings(), values)
    drawn = "".join(plot_svg(plot, name, filled) for name in ("wide", "narrow"))
    return (f'<figure class="live-figure"><figcaption>{escape(caption)}</figcaption>'
            f'<div class="live-plot">{drawn}</div></figure>')


def _shares(report):
    names = [each.format.name for each in report]
    values = {"collapsed": [100 * each.share("collapsed") for each in report]}
    bars = [Bars("collapsed", x=names, label="exponentials sum to exactly 1", role="naive")]
    if report.labelled:
        values["dead"] = [100 * each.share("zero_gradient_rows") for each in report]
        bars.append(Bars("dead", x=names, label="every gradient is exactly 0", role="truth"))
    plot = Plot(tuple(bars), x=Axis("format", (-0.5, len(names) - 0.5)), y=Axis("share of rows in %", (0, 100)),
                height=300)
    return _figure(plot, values, "Rows that lose something, by format.")


def _margins(report):
    edges = {f"edge{k}": each.collapse_margin for k, each in enumerate(report)}
    last = max((k for k, count in enumerate(report.margins) if count), default=0)
    high = min(len(report.margins) - 2, max(last, *(int(edge) for edge in edges.values())) + 2)
    shares = [100 * count / max(sum(report.margins), 1) for count in report.margins]
    shares = [*shares[:high + 1], sum(shares[high + 1:])]
    values = {"x": [x for k in range(len(shares)) for x in (k - 1, k)],
              "share": [share for share in shares for _ in range(2)]} | {name: [at] for name, at in edges.items()}
    rules = (Rule(x=name, label=each.format.name, role=each.format.name if each.format.name in ROLES else "muted")
             for name, each in zip(edges, report) if each.collapse_margin < high)
    plot = Plot((Line("share", x="x", role="truth"), *rules), x=Axis("margin of the largest logit", (-1, high + 1)),
                y=Axis("share of rows in %", (0, 1.15 * max(*shares, 1))), height=320)
    return _figure(plot, values, "Rows by the margin of their largest logit over all others together, as one by "
                   "log-sum-exp. From about the line of a format on they collapse in it. The first step holds all "
                   "margins below 0, the last one all that are larger.")
