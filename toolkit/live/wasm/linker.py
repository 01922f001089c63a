"""Turn one relocatable WebAssembly object into a module that a browser can run. There is nothing to merge.

Why not LLVM's own wasm-ld: from Python it comes only with the ziglang wheel, a download of 101 MB, which is
too much to ask of a class on a campus network for work that is: give data and stack their place in memory,
write those addresses where the object refers to them, and export the kernels. What is not known here is a
`LinkError`, never a guess.

Memory, from address 0: the stack (growing down, so that an overflow traps instead of writing over data), then
constant data, equal pieces once, then free memory for the page from ``__heap_base`` on. A custom section says of each
piece which functions refer to it: whoever takes some of the kernels leaves the data of the others (embed/cut.js).
"""
from toolkit.live.wasm import objectfile
from toolkit.live.wasm.objectfile import CODE, CUSTOM, DATA, FUNCTION, MAGIC, TYPE, LinkError, read_object
from toolkit.live.wasm.segments import first_equals, piece_of, users_of

__all__ = ["HEAP_BASE", "LinkError", "MEMORY", "UndefinedSymbols", "link"]

MEMORY, HEAP_BASE = "memory", "__heap_base"
_USERS = "users"

_PAGE = 65536
_STACK_SIZE = _PAGE  # kernels neither recurse deeply nor allocate on the stack
_HEAP_ALIGNMENT = 64
_MEMORY_SECTION, _GLOBAL_SECTION, _EXPORT_SECTION = 5, 6, 7
_I32, _CONSTANT, _MUTABLE = b"\x7f", b"\0", b"\1"
_EXPORT_FUNCTION, _EXPORT_MEMORY, _EXPORT_GLOBAL = b"\0", b"\2", b"\3"


class UndefinedSymbols(LinkError):
    """The object uses functions or data that nothing defines; `names` tells which."""

    def __init__(self, names):
        super().__init__(f"undefined symbols: {', '.join(names)}")
        self.names = names


def link(data, exports):
    """Link an object into a module without imports.

    Parameters
    ----------
    data : bytes of the object
    exports : dict, exported name -> name of the object's function

    Returns
    -------
    bytes
        The module; it exports `exports`, its memory and the first free address.

    Raises
    ------
    UndefinedSymbols
        When the object needs something that it does not define.
    LinkError
        When the object contains anything that this linker does not know.
    """
    found = read_object(data)
    undefined = sorted({s.name for s in found.symbols if not s.defined} - {objectfile.STACK_POINTER})
    if undefined or found.imported_functions:
        raise UndefinedSymbols(undefined or sorted(found.imported_functions))

    numbers = first_equals(found)
    addresses, heap_base = _place(found.segments, numbers)
    code = _relocate(found, CODE, addresses)
    constants = _relocate(found, DATA, addresses)
    globals_ = [_I32 + _MUTABLE + _i32_const(_STACK_SIZE)] * found.has_stack_pointer
    globals_.append(_I32 + _CONSTANT + _i32_const(heap_base))
    pages = -(-heap_base // _PAGE)
    parts = [
        MAGIC,
        _section(TYPE, found.sections[TYPE]),
        _section(FUNCTION, found.sections[FUNCTION]),
        _section(_MEMORY_SECTION, _vector([b"\0" + _unsigned(pages)])),
        _section(_GLOBAL_SECTION, _vector(globals_)),
        _section(_EXPORT_SECTION, _vector(_exports(found, exports, heap_base_index=len(globals_) - 1))),
        _section(CODE, code),
    ]
    if found.segments:
        users = users_of(found, numbers)
        placed = [number for number, first in enumerate(numbers) if number == first]
        pieces = {number: piece_of(found.segments[number], constants) for number in placed}
        parts.append(_section(DATA, _vector(
            b"\0" + _i32_const(addresses[number]) + _unsigned(len(piece)) + piece for number, piece in pieces.items())))
        parts.append(_section(CUSTOM, _name(_USERS) + _vector(
            _vector(map(_unsigned, sorted(users[number]))) for number in placed)))
    return b"".join(parts)


def _place(segments, numbers):
    """Addresses of the data segments, equal ones at one, and the first free address."""
    top = _STACK_SIZE
    addresses = []
    for number, (segment, first) in enumerate(zip(segments, numbers, strict=True)):
        if first < number:
            addresses.append(addresses[first])
            continue
        top = _round_up(top, segment.alignment)
        addresses.append(top)
        top += segment.size
    return addresses, _round_up(top, _HEAP_ALIGNMENT)


def _round_up(value, multiple):
    return -(-value // multiple) * multiple


def _relocate(found, section, addresses):
    """The section's payload with final addresses; function and global indices are checked to be final."""
    payload = bytearray(found.sections.get(section, b""))
    for relocation in found.relocations[section]:
        symbol = found.symbols[relocation.symbol]
        where = relocation.offset
        if relocation.kind == objectfile.MEMORY_ADDR_I32:
            _check_site(where + 4 <= len(payload), relocation)
            payload[where:where + 4] = _address(symbol, relocation, addresses).to_bytes(4, "little")
            continue
        site = payload[where:where + 5]
        _check_site(len(site) == 5 and all(b >= 0x80 for b in site[:4]) and site[4] < 0x80, relocation)
        if relocation.kind in (objectfile.MEMORY_ADDR_LEB, objectfile.MEMORY_ADDR_SLEB):
            payload[where:where + 5] = _padded(_address(symbol, relocation, addresses))
        else:
            kind = objectfile.SYMBOL_GLOBAL
            if relocation.kind == objectfile.FUNCTION_INDEX_LEB:
                kind = objectfile.SYMBOL_FUNCTION
            _check_site(symbol.kind == kind and site == _padded(symbol.index), relocation)
    return bytes(payload)


def _check_site(good, relocation):
    if not good:
        raise LinkError(f"relocation {relocation} does not fit what it refers to")


def _address(symbol, relocation, addresses):
    _check_site(symbol.kind == objectfile.SYMBOL_DATA, relocation)
    address = addresses[symbol.index] + symbol.offset + relocation.addend
    _check_site(0 <= address < 1 << 31, relocation)
    return address


def _exports(found, exports, heap_base_index):
    functions = {s.name: s.index for s in found.symbols if s.kind == objectfile.SYMBOL_FUNCTION}
    yield _name(MEMORY) + _EXPORT_MEMORY + _unsigned(0)
    yield _name(HEAP_BASE) + _EXPORT_GLOBAL + _unsigned(heap_base_index)
    for name, symbol in exports.items():
        if symbol not in functions:
            raise LinkError(f"the object has no function {symbol}")
        yield _name(name) + _EXPORT_FUNCTION + _unsigned(functions[symbol])


def _unsigned(value):
    """LEB128, as short as it can be."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def _padded(value):
    """LEB128 of a non-negative number below 2**31 in the five bytes that objects reserve."""
    return bytes([value >> shift & 0x7F | 0x80 for shift in (0, 7, 14, 21)] + [value >> 28])


def _i32_const(value):
    """The expression ``i32.const value; end`` for a value that is not negative."""
    number = _unsigned(value)
    if number[-1] & 0x40:  # the sign, for a signed LEB128
        number = number[:-1] + bytes([number[-1] | 0x80, 0])
    return b"\x41" + number + b"\x0b"


def _name(text):
    encoded = text.encode("utf-8")
    return _unsigned(len(encoded)) + encoded


def _vector(items):
    items = list(items)
    return _unsigned(len(items)) + b"".join(items)


def _section(number, payload):
    return bytes([number]) + _unsigned(len(payload)) + payload
