"""Expressions of a figure's values, in sentences, conditions and marks: ``"loss == 0 and exact > 0"``.

They are parsed here, once, into lists that JSON can carry. `evaluate` and the part `expressions.js` of the page's
runtime compute them in the same way, in float64: numbers, names and elements such as ``p[2]`` (a name alone is element
0), ``+ - * /``, comparisons, ``and or not``, ``a if c else b``, ``abs sqrt floor isnan isinf``, ``sum min max`` of all
elements of one name or of several expressions, ``inf``, and texts in quotes to compare choices and formats with.
"""
import ast
import math
import operator

__all__ = ["evaluate", "names_in", "parse"]

_BINARY = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_COMPARE = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
_ONE = ("abs", "sqrt", "floor", "isnan", "isinf")
_MANY = ("sum", "min", "max")
_ALLOWED = ("allowed: numbers, names, name[2], + - * /, comparisons, and, or, not, a if c else b, quoted texts, inf, "
            + ", ".join(_ONE + _MANY))


def parse(text):
    """An expression as a tree: a number, or a list that begins with what is to be done."""
    try:
        return _tree(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, TypeError) as error:
        raise ValueError(f"expression {text!r}: {error}; {_ALLOWED}") from None


def _tree(node):
    match node:
        case ast.Constant(value=bool()):
            pass
        case ast.Constant(value=int() | float() as number) if math.isfinite(number):
            return number
        case ast.Constant(value=str() as text):
            return ["text", text]
        case ast.Name(id="inf"):
            return ["inf"]
        case ast.Name(id=name):
            return ["value", name, 0]
        case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=int() as index)):
            return ["value", name, index]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return [_BINARY[type(op)], _tree(left), _tree(right)]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return ["negative", _tree(operand)]
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return ["not", _tree(operand)]
        case ast.BoolOp(op=op, values=parts):
            return ["and" if isinstance(op, ast.And) else "or", *map(_tree, parts)]
        case ast.Compare(left=left, ops=ops, comparators=others) if all(type(op) in _COMPARE for op in ops):
            sides = [_tree(side) for side in (left, *others)]
            pairs = [[_COMPARE[type(op)], a, b] for op, a, b in zip(ops, sides, sides[1:])]
            return pairs[0] if len(pairs) == 1 else ["and", *pairs]
        case ast.IfExp(test=test, body=body, orelse=other):
            return ["if", _tree(test), _tree(body), _tree(other)]
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in _ONE:
            return [name, _tree(argument)]
        case ast.Call(func=ast.Name(id=name), args=[ast.Name(id=all_of)], keywords=[]) if name in _MANY:
            return [name, ["all", all_of]]
        case ast.Call(func=ast.Name(id=name), args=[_, *_] as arguments, keywords=[]) if name in _MANY:
            return [name, *map(_tree, arguments)]
    raise TypeError(f"{ast.unparse(node)!r} has no meaning here")


def names_in(tree):
    """The values that an expression reads."""
    if not isinstance(tree, list) or tree[0] in ("text", "inf"):
        return set()
    return {tree[1]} if tree[0] in ("value", "all") else set().union(*map(names_in, tree[1:]))


def evaluate(tree, values):
    """An expression's number for `values`: name -> sequence. Conditions give 1.0 or 0.0."""
    result = _evaluate(tree, values)
    return result if isinstance(result, str) else float(result)


def _evaluate(tree, values):
    if not isinstance(tree, list):
        return float(tree)
    do, *parts = tree
    match do:
        case "value":
            value = values[parts[0]][parts[1]]
            return value if isinstance(value, str) else float(value)
        case "all":
            raise TypeError("all elements of a name stand alone only in sum, min and max")
        case "text":
            return parts[0]
        case "inf":
            return math.inf
        case "and":
            return all(_evaluate(part, values) != 0 for part in parts)
        case "or":
            return any(_evaluate(part, values) != 0 for part in parts)
        case "if":
            return _evaluate(parts[1 if _evaluate(parts[0], values) != 0 else 2], values)
        case "sum" | "min" | "max":
            every = parts[0][0] == "all" if isinstance(parts[0], list) else False
            numbers = list(map(float, values[parts[0][1]])) if every else [_evaluate(part, values) for part in parts]
            return _FOLDS[do](numbers)
    return _DO[do](*(_evaluate(part, values) for part in parts))


def _divide(a, b):
    if b != 0:
        return a / b
    return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a) * math.copysign(1.0, b)


def _sum(numbers):
    total = 0.0
    for number in numbers:
        total += number
    return total


def _least(numbers):
    least = numbers[0]
    for number in numbers[1:]:
        least = number if number < least else least
    return least


_FOLDS = {"sum": _sum, "min": _least, "max": lambda numbers: -_least([-number for number in numbers])}
_DO = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": _divide, "negative": operator.neg,
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "not": lambda a: a == 0, "abs": abs, "sqrt": lambda a: math.sqrt(a) if a >= 0 else math.nan,
    "floor": lambda a: float(math.floor(a)) if math.isfinite(a) else a, "isnan": math.isnan, "isinf": math.isinf,
}
