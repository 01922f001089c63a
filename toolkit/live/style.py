"""The visual language of the book, defined once: colours with fixed meaning, for light and dark pages.

Figures name a *role* ("stable", "naive", "float16"); hosts turn roles into colours. Colour is never the only cue:
each role also has a dash, a marker and a bar pattern.
"""
from dataclasses import dataclass

__all__ = ["DASHES", "PALETTES", "ROLES", "SYMBOLS", "Role", "css_variables", "resolve_colours"]


@dataclass(frozen=True)
class Role:
    """How one meaning looks: colour on light and dark ground, line dash, marker symbol, bar pattern, line width.

    `word` is the colour of its words on a light ground, where that of its marks is too pale to be read.
    """

    light: str
    dark: str
    dash: str = "solid"
    symbol: str = "circle"
    pattern: str = ""
    width: float = 2.5
    word: str = ""


# Okabe-Ito hues; the dark variants are lightened. Words have a contrast of 4.5:1 at least on both pages.
ROLES = {
    "truth": Role("#1f2328", "#e6e6e6", width=1.5, symbol="line-ew"),
    "stable": Role("#0072b2", "#56b4e9"),
    "naive": Role("#d55e00", "#ff8c42", dash="dash", symbol="diamond", pattern="/", word="#b34a00"),
    "float64": Role("#00785a", "#2bc49a"),
    "float32": Role("#0072b2", "#56b4e9", dash="dash", symbol="square"),
    "float16": Role("#b35c00", "#f0a430", dash="dot", symbol="diamond"),
    "bfloat16": Role("#a8437c", "#e08ebd", dash="dashdot", symbol="triangle-up"),
    "float8": Role("#7a6a00", "#f0e442", dash="longdash", symbol="cross"),
    "first": Role("#0072b2", "#56b4e9"),
    "second": Role("#00785a", "#2bc49a", dash="dot", symbol="square"),
    "third": Role("#a8437c", "#e08ebd", dash="dashdot", symbol="triangle-up"),
    "fourth": Role("#7a6a00", "#f0e442", dash="longdash", symbol="cross"),
    "train": Role("#57606a", "#b1bac4", dash="dash", symbol="square", width=2.0),
    "test": Role("#00785a", "#2bc49a", width=3.0),
    "muted": Role("#6b7280", "#9aa4b2", dash="dot", width=1.5),
}
PAGE = {
    "text": ("#1f2328", "#e6e6e6"),
    "line": ("#8c959f", "#7d8590"),
    "grid": ("#e3e6ea", "#32383f"),
    "ground": ("#ffffff", "#14181e"),
}

# Plotly's names of dashes and symbols, as SVG dash arrays (in tenths of a pixel) and paths around the origin.
DASHES = {"solid": "", "dash": "90 60", "dot": "20 50", "dashdot": "90 50 20 50", "longdash": "150 60"}
SYMBOLS = {
    "circle": "M-45 0a45 45 0 1 0 90 0a45 45 0 1 0-90 0Z",
    "square": "M-40-40h80v80h-80Z",
    "diamond": "M0-55L55 0L0 55L-55 0Z",
    "triangle-up": "M0-55L50 40H-50Z",
    "cross": "M-15-50h30v35h35v30h-35v35h-30v-35h-35v-30h35Z",
    "line-ew": "M-130-8h260v16h-260Z",
    "circle-open": "M-45 0a45 45 0 1 0 90 0a45 45 0 1 0-90 0Z",
    "triangle-up-open": "M0-55L50 40H-50Z",
    "triangle-down-open": "M0 55L50-40H-50Z",
    "x-thin-open": "M-45-45L45 45M-45 45L45-45",
}

PALETTES = {
    theme: {name: getattr(role, theme) for name, role in ROLES.items()}
    | {f"{name}-word": theme == "light" and role.word or getattr(role, theme) for name, role in ROLES.items()}
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
