"""Scripts and styles without comments, indents and spaces that only people need. Names and strings stay as they are.

A line of a script may end where a statement does, so a line break goes only where no statement can end or begin.
"""
import re

__all__ = ["script_tokens", "stripped_script", "stripped_styles"]

_TOKEN = re.compile(r"""
    (?P<space>\s+) | (?P<comment>//[^\n]*|/\*.*?\*/)
  | (?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
  | (?P<number>(?:0[xob]\w+|\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)n?)
  | (?P<word>[\w$\#]+)
  | (?P<sign>=>|\+\+|--|[^\s\w])
""", re.VERBOSE | re.DOTALL)
_REGEX = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/\w*")
_VALUE_ENDS = (")", "]", "}", "++", "--")
_BEFORE_REGEX = {"return", "typeof", "case", "in", "of", "void", "delete", "throw", "new", "else", "do"}
_NAMES = ("word", "number", "regex")
_GOES_ON = set("{([,;:?=&|<>*%!~^.") | {"=>"}  # no statement ends after these
_IS_GOING_ON = set("})],;.?:=&|<>*%^") | {"=>"}  # none begins with these


def script_tokens(text):
    """[(kind, text), ...] of a script: comment, number, regex, sign, space, template, text, word."""
    tokens, at, before = [], 0, ("sign", ";")
    while at < len(text):
        kind, end = _next(text, at, before)
        tokens.append((kind, text[at:end]))
        if kind not in ("space", "comment"):
            before = tokens[-1]
        at = end
    return tokens


def _next(text, at, before):
    if text[at] == "`":
        return "template", _end_of_template(text, at)
    found = _TOKEN.match(text, at)
    if found[0] == "/" and not _is_value(before):
        return "regex", _REGEX.match(text, at).end()
    return found.lastgroup, found.end()


def _is_value(token):
    """Whether a slash after this token divides."""
    kind, text = token
    return text in _VALUE_ENDS if kind == "sign" else not (kind == "word" and text in _BEFORE_REGEX)


def _end_of_template(text, at):
    at += 1
    while text[at] != "`":
        if text[at] == "\\":
            at += 2
        elif text.startswith("${", at):
            at = _end_of_braces(text, at + 2)
        else:
            at += 1
    return at + 1


def _end_of_braces(text, at):
    """Where the code ends that begins at `at` within braces."""
    depth, before = 1, ("sign", "{")
    while depth:
        kind, end = _next(text, at, before)
        depth += {"{": 1, "}": -1}.get(text[at:end], 0) if kind == "sign" else 0
        if kind not in ("space", "comment"):
            before = (kind, text[at:end])
        at = end
    return at


def stripped_script(text):
    """The same tokens, with no more between them than keeps them apart."""
    parts, before, gap = [], None, ""
    for token in script_tokens(text):
        if token[0] in ("space", "comment"):
            gap = "\n" if "\n" in gap + token[1] else " "
            continue
        if before:
            parts.append(_between(before, token, gap))
        parts.append(token[1])
        before, gap = token, ""
    return "".join(parts) + "\n"


def _between(before, after, gap):
    (kind, left), (_, right) = before, after
    if gap == "\n" and not (kind == "sign" and left in _GOES_ON) and not (after[0] == "sign" and right in _IS_GOING_ON):
        return "\n"
    touch = kind in _NAMES and after[0] in _NAMES or kind == "number" and right == "." or (
        left[-1] == right[0] and left[-1] in "+-/")
    return " " if gap and touch else ""


def stripped_styles(text):
    """Rules, each on a line of its own. A text in quotes keeps its spaces."""
    pieces = re.split(r"""("[^"]*"|'[^']*')""", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL))
    for i in range(0, len(pieces), 2):
        tight = re.sub(r" ?([{};,]) ?", r"\1", re.sub(r"\s+", " ", pieces[i]))
        pieces[i] = re.sub(r"(?<=[;{])([\w-]+): ", r"\1:", tight).replace(";}", "}")
    return "".join(pieces).replace("}", "}\n").replace("}\n}", "}}").strip() + "\n"
