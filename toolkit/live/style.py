"""The visual language of the book, defined once: colours with fixed meaning, for light and dark pages.

Figures name a *role* ("stable", "naive", "float16"); hosts turn roles into colours. Colour is never the only cue:
each role also has a dash, a marker and a bar pattern.
"""
from dataclasses import dataclass

__all__ = ["PALETTES", "ROLES", "Role", "css_variables", "resolve_colours"]


@dataclass(frozen=True)
class Role:
    """How one meaning looks: colour on light and dark ground, line dash, marker symbol, bar pattern, line width."""

    light: str
    dark: str
    dash: str = "solid"
    symbol: str = "circle"
    pattern: str = ""
    width: float = 2.5


# Okabe-Ito hues; the dark variants are lightened to keep a contrast of 4.5:1 on the dark page.
ROLES = {
    "truth": Role("#1f2328", "#e6e6e6", width=1.5, symbol="line-ew"),
    "stable": Role("#0072b2", "#56b4e9"),
    "naive": Role("#d55e00", "#ff8c42", dash="dash", symbol="diamond", pattern="/"),
    "float64": Role("#00785a", "#2bc49a"),
    "float32": Role("#0072b2", "#56b4e9", dash="dash", symbol="square"),
    "float16": Role("#b35c00", "#f0a430", dash="dot", symbol="diamond"),
    "bfloat16": Role("#a8437c", "#e08ebd", dash="dashdot", symbol="triangle-up"),
    "float8": Role("#7a6a00", "#f0e442", dash="longdash", symbol="cross"),
    "first": Role("#0072b2", "#56b4e9"),
    "second": Role("#00785a", "#2bc49a", dash="dot", symbol="square"),
    "third": Role("#a8437c", "#e08ebd", dash="dashdot", symbol="triangle-up"),
    "fourth": Role("#7a6a00", "#f0e442", dash="longdash", symbol="cross"),
    "muted": Role("#6b7280", "#9aa4b2", dash="dot", width=1.5),
}
PAGE = {
    "text": ("#1f2328", "#e6e6e6"),
    "line": ("#8c959f", "#7d8590"),
    "grid": ("#e3e6ea", "#32383f"),
    "ground": ("#ffffff", "#14181e"),
}

PALETTES = {
    theme: {name: getattr(role, theme) for name, role in ROLES.items()}
    | {name: pair[theme == "dark"] for name, pair in PAGE.items()}
    for theme in ("light", "dark")
}


def css_variables(theme):
    """The palette of `theme` as CSS declarations, ``--live-stable: #0072b2; ...``."""
    return " ".join(f"--live-{name}: {colour};" for name, colour in PALETTES[theme].items())


def resolve_colours(tree, theme="light"):
    """A copy of a nested figure description in which every ``"$role"`` is replaced by its colour."""
    if isinstance(tree, dict):
        return {key: resolve_colours(value, theme) for key, value in tree.items()}
    if isinstance(tree, list):
        return [resolve_colours(value, theme) for value in tree]
    if isinstance(tree, str) and tree.startswith("$"):
        return PALETTES[theme][tree[1:]]
    return tree
