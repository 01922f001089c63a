"""Keep -0 and 0 apart where LLVM's WebAssembly back end does not: a correction of the optimised code."""
import re

import llvmlite.binding as llvm

__all__ = ["keep_signed_zeros"]

# `a <= b`, `a >= b` and their negations on vectors, and what selects by them.
_NON_STRICT = re.compile(r"^ *(%\S+) = fcmp .*?\b(?:ole|oge|ult|ugt) <\d+ x (?:float|double)> ", re.MULTILINE)
_SELECT = re.compile(
    r"^ *(?P<made>%\S+) = select .*?<(?P<count>\d+) x i1> (?P<test>%\S+), "
    r"(?P<type><\d+ x (?:float|double)>) (?P<a>.+), (?P=type) (?P<b>.+?)(?:, !.*)?$", re.MULTILINE)


def keep_signed_zeros(module):
    """Work around LLVM's pmin and pmax for ``a if a <= b else b``: of -0 and 0 they take the wrong one.

    LLVM before https://github.com/llvm/llvm-project/pull/208454 does not tell <= from < when it recognises
    the pattern on vectors. Bit by bit, ``((a ^ b) & mask) ^ b`` is the same selection and not that pattern.
    """
    text = str(module)
    tests = set(_NON_STRICT.findall(text))

    def select_bits(found):
        if found["test"] not in tests:
            return found[0]
        bits = f"<{found['count']} x i{64 if 'double' in found['type'] else 32}>"
        made, kind = found["made"], found["type"]
        name = '%"' + made[1:].strip('"') + '.{}"'
        mask, a, b, differing, chosen, merged = (name.format(part) for part in ("m", "a", "b", "d", "c", "s"))
        return f"""
  {mask} = sext <{found['count']} x i1> {found['test']} to {bits}
  {a} = bitcast {kind} {found['a']} to {bits}
  {b} = bitcast {kind} {found['b']} to {bits}
  {differing} = xor {bits} {a}, {b}
  {chosen} = and {bits} {differing}, {mask}
  {merged} = xor {bits} {chosen}, {b}
  {made} = bitcast {bits} {merged} to {kind}"""

    changed = _SELECT.sub(select_bits, text) if tests else text
    return module if changed == text else llvm.parse_assembly(changed)
