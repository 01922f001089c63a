"""Pieces of constant data: which are equal, and which functions refer to each."""
from bisect import bisect

from toolkit.live.wasm.objectfile import CODE, DATA, SYMBOL_DATA, body_starts

__all__ = ["first_equals", "piece_of", "users_of"]

_READ_ONLY = ".rodata"


def piece_of(segment, data):
    """The bytes of a segment in the payload of its section."""
    return data[segment.start:segment.start + segment.size]


def first_equals(found):
    """For each segment the number of the first one that is equal and, as it, neither written nor refers to data."""
    data, first, numbers = found.sections.get(DATA, b""), {}, []
    refer = {_holder(found, relocation) for relocation in found.relocations[DATA]}
    for number, segment in enumerate(found.segments):
        alone = number in refer or not segment.name.startswith(_READ_ONLY)
        key = number if alone else (segment.alignment, piece_of(segment, data))
        numbers.append(first.setdefault(key, number))
    return numbers


def users_of(found, numbers):
    """For each segment the functions that refer to it, also by way of another; `numbers` as `first_equals` tells."""
    starts, users = body_starts(found.sections[CODE]), [set() for _ in found.segments]
    for relocation in found.relocations[CODE]:
        symbol = found.symbols[relocation.symbol]
        if symbol.kind == SYMBOL_DATA:
            users[numbers[symbol.index]].add(bisect(starts, relocation.offset) - 1)
    ways = [(_holder(found, relocation), numbers[found.symbols[relocation.symbol].index])
            for relocation in found.relocations[DATA]]
    while any(not users[holder] <= users[target] for holder, target in ways):
        for holder, target in ways:
            users[target] |= users[holder]
    return users


def _holder(found, relocation):
    """The number of the segment in which a relocation of data lies."""
    return bisect([segment.start for segment in found.segments], relocation.offset) - 1
