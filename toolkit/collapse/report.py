"""What a set of logits loses in each format: the numbers, a table of them, and a sentence on each."""
from dataclasses import asdict, dataclass
from html import escape

from toolkit._core.text import aligned
from toolkit.formats import Format

__all__ = ["CollapseReport", "FormatLosses"]

# What stands above each column of the table, and what it means.
_KEY = (
    ("format", "what the logits and the result of every operation are rounded to"),
    ("sum is 1", "rows that collapse: their exponentials, after the largest logit is subtracted, sum to exactly 1"),
    ("loss is 0", "rows whose cross-entropy, log(sum) + (max z - z_y), is exactly 0; y is the label"),
    ("g_y is 0", "rows whose gradient is exactly 0 for the label's logit"),
    ("all g are 0", "rows whose gradient is exactly 0 for every logit"),
    ("NaN rows", "rows whose sum is NaN or infinite; they count nowhere else"),
    ("z too large", "finite logits beyond the format"),
    ("e^z too large", "logits whose exponential, nothing subtracted, is beyond the format"),
    ("e^z is 0", "logits whose exponential, nothing subtracted, is 0"),
    ("e^(z-max) is 0", "logits whose exponential is 0 after the largest logit is subtracted"),
    ("collapse gap", "the lead of one logit over K - 1 equal others from which on their sum is exactly 1"),
)
_OF_LABELS = ("g_y is 0", "all g are 0")

_COUNTS_OF_ROWS = ("collapsed", "nan_rows", "zero_losses", "zero_label_gradients", "zero_gradient_rows")


@dataclass(frozen=True)
class FormatLosses:
    """What is lost in one format. Counts are of rows or of single logits; shares are of all rows.

    Attributes
    ----------
    format : Format
    rows : int
    collapsed : int
        Rows whose exponentials, shifted by the row's maximum, sum to exactly 1.
    nan_rows : int
        Rows whose sum is NaN, or infinite for want of range; never counted as collapsed.
    unusable_rows : int
        Those of them that hold NaN or +inf, or nothing but -inf: they have no softmax in any format.
    zero_losses : int
        Rows whose cross-entropy in the common form, ``log(sum) + (max - z_y)``, is exactly 0; without labels,
        y is the class of the largest logit.
    zero_label_gradients, zero_gradient_rows : int or None
        Rows where that loss has a gradient of exactly 0 for the label's logit, or for every logit; None
        without labels.
    overflowed_logits : int
        Finite logits beyond the format.
    naive_overflows, naive_underflows : int
        Logits of the format whose exponential, unshifted, is too large or 0.
    shifted_underflows : int
        Logits whose exponential is 0 after the shift by the maximum.
    collapse_gap, collapse_margin, underflow_gap : float
        As the functions of these names give them, for this number of classes, this order and the label first.
    """

    format: Format
    rows: int
    collapsed: int
    nan_rows: int
    unusable_rows: int
    zero_losses: int
    zero_label_gradients: int | None
    zero_gradient_rows: int | None
    overflowed_logits: int
    naive_overflows: int
    naive_underflows: int
    shifted_underflows: int
    collapse_gap: float
    collapse_margin: float
    underflow_gap: float

    def share(self, count):
        """`count` rows, or the field of that name, as a share of all; None stays None, no rows give 0."""
        count = getattr(self, count) if isinstance(count, str) else count
        return None if count is None else count / self.rows if self.rows else 0.0

    @property
    def sentence(self):
        """What is lost and what the remedy is, in words."""
        name, parts = self.format.name, []
        broken = self.nan_rows - self.unusable_rows
        if self.overflowed_logits:
            parts.append(f"{self.overflowed_logits} finite logits lie beyond {self.format.max:.5g} and break "
                         f"{self._rows(broken)}. Remedy: subtract a row's maximum before the cast to {name}.")
        elif broken:
            parts.append(f"{self._rows(broken)} break, as their sum is too large. Remedy: a wider sum.")
        if self.collapsed or self.zero_losses:
            parts.append(f"{self._rows(self.collapsed)} collapse, as their exponentials sum to exactly 1; "
                         f"{self._silence()}. Remedy: the stable form of the loss.")
        if self.zero_gradient_rows:
            parts.append(f"{self._rows(self.zero_gradient_rows)} have no gradient at all. "
                         "Remedy: more exponent bits for the loss, or smaller logits.")
        if not parts:
            parts.append(f"nothing is lost; rows can collapse from a gap of {self.collapse_gap:.3f} on.")
        return f"{name}: {' '.join(parts)}"

    def _rows(self, count):
        return f"{count} of {self.rows} rows ({100 * self.share(count):.1f} %)"

    def _silence(self):
        if self.zero_label_gradients is None:
            return f"if the largest logit is the label's, the loss is exactly 0 in {self.zero_losses}"
        return (f"the loss is exactly 0 in {self.zero_losses} and the label's logit has no gradient in "
                f"{self.zero_label_gradients}")


@dataclass(frozen=True, repr=False)
class CollapseReport:
    """What a set of logits loses in several formats.

    ``report["float16"]`` is the `FormatLosses` of one format, iteration runs over all, and the repr is a
    table with a sentence on each format.

    Attributes
    ----------
    rows, classes : int
    dtype : str
        Of the logits as given.
    labelled : bool
    order : str
        Order of the sum of exponentials that `collapsed` looks at.
    unusable_rows : int
        As in `FormatLosses`.
    ignored_rows : int
        Rows left out of everything else, as their label was `ignore_index`.
    formats : tuple of FormatLosses
    margins : tuple of int
        Rows by the margin of their largest logit over all others together, ``max z - logsumexp(others)``: below 0, in
        60 steps of 1, and from 60 on. Where it reaches `collapse_margin` of a format, the row collapses there, if only
        the sum is rounded.
    """

    rows: int
    classes: int
    dtype: str
    labelled: bool
    order: str
    unusable_rows: int
    ignored_rows: int
    formats: tuple
    margins: tuple

    def __iter__(self):
        return iter(self.formats)

    def __getitem__(self, name):
        name = name.name if isinstance(name, Format) else name
        for entry in self.formats:
            if entry.format.name == name:
                return entry
        raise KeyError(f"{name!r}; this report has {', '.join(e.format.name for e in self.formats)}")

    def to_dict(self):
        """The report as plain dicts, lists and numbers, for JSON."""
        report = asdict(self)
        for fields, entry in zip(report["formats"], self.formats, strict=True):
            fields["format"] = entry.format.name
            for field in _COUNTS_OF_ROWS:
                fields[f"{field}_share"] = entry.share(field)
            fields["sentence"] = entry.sentence
        return report | {name: list(report[name]) for name in ("formats", "margins")}

    @property
    def heading(self):
        """What was looked at, in a line, and in further ones what was left out."""
        text = (f"Softmax Collapse, {self.dtype} logits: {self.rows} x {self.classes} (rows x classes), "
                f"{'with' if self.labelled else 'without'} labels, {self.order} sum")
        if self.unusable_rows:
            text += f"\nrows without a softmax, as they hold NaN or +inf or only -inf: {self.unusable_rows}"
        if self.ignored_rows:
            text += f"\nrows left out, as their label is to be ignored: {self.ignored_rows}"
        return text

    @property
    def columns(self):
        """The columns of the table: ``(name, what it means)``."""
        y = "the label" if self.labelled else "the class of the largest logit"
        return [(name, words.replace("y is the label", f"y is {y}")) for name, words in _KEY
                if self.labelled or name not in _OF_LABELS]

    @property
    def table(self):
        """A row for each format, with what stands below each of `columns`."""
        rows = []
        for e in self.formats:
            counts = [e.collapsed, e.zero_losses, e.zero_label_gradients, e.zero_gradient_rows]
            rows.append([e.format.name, *(f"{100 * e.share(n):.1f} %" for n in counts if n is not None),
                         e.nan_rows, e.overflowed_logits, e.naive_overflows, e.naive_underflows,
                         e.shifted_underflows, f"{e.collapse_gap:.3f}"])
        return rows

    def _repr_html_(self):
        """As a notebook shows it: what `__repr__` says, with a column for each format and what a row means below it."""
        rows = "".join(
            f'<tr><th scope="row" style="text-align: left">{escape(name)}</th>'
            f'{"".join(f"<td>{escape(str(cell))}</td>" for cell in cells)}</tr><tr>'
            f'<td colspan="{len(cells) + 1}" style="text-align: left; white-space: normal">'
            f'<small>{escape(words)}</small></td></tr>'
            for (name, words), *cells in list(zip(self.columns, *self.table))[1:])
        names = "".join(f'<th scope="col">{escape(each.format.name)}</th>' for each in self)
        return (f'<p>{"<br>".join(map(escape, self.heading.splitlines()))}</p>'
                f'<ul>{"".join(f"<li>{escape(each.sentence)}</li>" for each in self)}</ul>'
                f'<div class="wide-table" tabindex="0" role="region" aria-label="All counts"><table>'
                f"<thead><tr><td></td>{names}</tr></thead><tbody>{rows}</tbody></table></div>")

    def __repr__(self):
        names = [name for name, _ in self.columns]
        width = max(map(len, names))
        meaning = "\n".join(f"{name:{width}}  {words}" for name, words in self.columns)
        return "\n\n".join([self.heading, aligned([names, *self.table]), meaning,
                            "\n".join(e.sentence for e in self.formats)])
