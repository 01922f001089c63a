"""The gallery: text and figure of each row of the catalog, made from the row and its kind alone."""
from toolkit._core.public import publish
from toolkit.catalog import methods

__all__ = ["FORMATS", "Entry", "entries"]

FORMATS = ("float32", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2")


class Entry:
    """One method of the gallery; displays as Markdown, to be followed by its figure."""

    def __init__(self, method):
        self.method = method

    def _repr_markdown_(self):
        m = self.method
        chapter = f"[](../notebooks/{m.chapter}.ipynb)"  # the page fills in the chapter's title
        variants = ", ".join(f"`{v.name}`" for v in m.variants)
        choice = f" · {m.selector}: {variants}" if m.selector and len(m.variants) > 1 else ""
        text = (f"**{m.title}** · [`{m.path}`](#{m.path})\n\n$$ {m.formula} $$\n\n{m.summary}\n\n"
                f"Chapter: {chapter} · source: {{cite:t}}`{m.reference}`{choice}\n")
        errors = " · ".join(f"{format.replace('_', ' ')} {error:.2g}"
                            for format, error in m.largest_errors(FORMATS).items())
        if errors:
            text += f"\nLargest error over the range of the figure, in ulp: {errors.replace('inf', '∞')}\n"
        return text


def entries(family):
    """Text and live figure of each method of a family, in the order of the catalog."""
    return ((Entry(method), method.figure()) for method in methods(family))


publish(__name__)
