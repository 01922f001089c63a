"""Sentences that nothing but the right number or word opens: what a page holds in place of an exercise's answers.

The key of a sentence is a hash, many times over, of the answer that it belongs to. Of a number it is the hash of the
first bits of its float64, which many numbers share: all that a judge accepts open the sentence, and the exact rule is
sealed with it. Whoever tries all numbers finds the answer; who looks at the page does not. assets/exercises.js opens.
"""
from base64 import b64encode
from hashlib import sha256
from itertools import count
from math import floor, log2
from struct import pack, unpack

__all__ = ["ROUNDS", "bits_for", "key_of", "places_of", "sealed"]

ROUNDS = 8192  # about ten milliseconds of a page's script
_BITS = 20     # of the fraction, in the first half of a float64


def bits_for(rtol):
    """How many bits of the fraction tell numbers apart, so that those within `rtol` mostly share them."""
    return min(_BITS, max(0, floor(-log2(4 * rtol)))) if rtol else _BITS


def _place(number, bits):
    return unpack(">I", pack(">d", number + 0.0)[:4])[0] >> _BITS - bits


def places_of(value, rtol, bits):
    """What the numbers within `rtol` of `value` begin with: sign, exponent and `bits` of the fraction."""
    around = abs(value) * (rtol * (1 + 1e-9) + 1e-12) if rtol else 0.0  # a little more, for the rounding of the rule
    ends = [_place(value + side * around, bits) for side in (-1, 1)]
    return range(min(ends), max(ends) + 1)


def key_of(name, said, rounds=ROUNDS):
    """The key of what answers the exercise `name`, in the form `said`."""
    key = sha256(f"{name}\n{said}".encode()).digest()
    for _ in range(rounds):
        key = sha256(key).digest()
    return key


def sealed(text, key, place):
    """`text` as Base64 after a mark by which the key is known to fit; each `place` of a list has its own stream."""
    data = text.encode()
    blocks = (sha256(key + bytes((place, n))).digest() for n in count())
    mark, stream = next(blocks)[:6], b"".join(next(blocks) for _ in range(0, len(data), 32))
    return b64encode(mark + bytes(a ^ b for a, b in zip(data, stream))).decode()
