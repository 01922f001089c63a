"""Read LLVM's relocatable WebAssembly objects, strictly: what `linker` cannot link is an error here.

Format: https://webassembly.github.io/spec/core/binary/ for sections, and
https://github.com/WebAssembly/tool-conventions/blob/main/Linking.md (version 2) for symbols and relocations.
"""
from dataclasses import dataclass, field

__all__ = ["MAGIC", "LinkError", "ObjectFile", "Relocation", "Segment", "Symbol", "body_starts", "read_object"]

MAGIC = b"\0asm\1\0\0\0"
STACK_POINTER = "__stack_pointer"

CUSTOM, TYPE, IMPORT, FUNCTION, CODE, DATA, DATA_COUNT = 0, 1, 2, 3, 10, 11, 12
_NEEDED_CUSTOM = {"linking", "target_features"}  # the second is what LLVM writes last
_KNOWN_CUSTOM = _NEEDED_CUSTOM | {"producers", "reloc.CODE", "reloc.DATA"}

_LINKING_VERSION = 2
_SEGMENT_INFO, _SYMBOL_TABLE = 5, 8
SYMBOL_FUNCTION, SYMBOL_DATA, SYMBOL_GLOBAL = 0, 1, 2
_UNDEFINED, _EXPLICIT_NAME = 0x10, 0x40
# weak, local, hidden, undefined, exported, explicit name, no-strip; not thread-local or absolute
_KNOWN_FLAGS = 0x01 | 0x02 | 0x04 | _UNDEFINED | 0x20 | _EXPLICIT_NAME | 0x80

# What a relocation puts at its place, by the convention's numbers; the others need tables or threads.
FUNCTION_INDEX_LEB, MEMORY_ADDR_LEB, MEMORY_ADDR_SLEB, MEMORY_ADDR_I32, GLOBAL_INDEX_LEB = 0, 3, 4, 5, 7
_WITH_ADDEND = {MEMORY_ADDR_LEB, MEMORY_ADDR_SLEB, MEMORY_ADDR_I32}
_RELOCATIONS = {CODE: {FUNCTION_INDEX_LEB, MEMORY_ADDR_LEB, MEMORY_ADDR_SLEB, GLOBAL_INDEX_LEB},
                DATA: {MEMORY_ADDR_I32}}

_IMPORT_FUNCTION, _IMPORT_MEMORY, _IMPORT_GLOBAL = 0, 2, 3


class LinkError(RuntimeError):
    """An object that this linker does not understand: a fault of the build, never of a kernel."""


@dataclass
class Segment:
    """One piece of constant data: its place in the data section, and the alignment it needs."""

    start: int
    size: int
    alignment: int = 1
    name: str = ""


@dataclass
class Symbol:
    kind: int
    name: str
    defined: bool
    index: int = 0  # function or global index; of data, the segment
    offset: int = 0  # of data, within the segment


@dataclass
class Relocation:
    kind: int
    offset: int  # in the section's payload
    symbol: int
    addend: int = 0


@dataclass
class ObjectFile:
    sections: dict = field(default_factory=dict)  # number -> payload
    imported_functions: list = field(default_factory=list)
    has_stack_pointer: bool = False
    segments: list = field(default_factory=list)
    symbols: list = field(default_factory=list)
    relocations: dict = field(default_factory=lambda: {CODE: [], DATA: []})


class _Reader:
    """Reads numbers and names off a byte string and never past its end."""

    def __init__(self, data):
        self.data = data
        self.position = 0

    @property
    def left(self):
        return len(self.data) - self.position

    def take(self, count):
        if count > self.left:
            raise LinkError(f"object ends early: {count} bytes wanted at {self.position}, {self.left} left")
        self.position += count
        return self.data[self.position - count:self.position]

    def byte(self):
        return self.take(1)[0]

    def unsigned(self):
        value = self._leb128()[0]
        if value >> 32:
            raise LinkError(f"number {value} at {self.position} does not fit 32 bits")
        return value

    def signed(self):
        value, bits = self._leb128()
        return value - (1 << bits) if value >> (bits - 1) else value

    def _leb128(self):
        value = bits = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << bits
            bits += 7
            if byte < 0x80:
                return value, bits
            if bits > 35:
                raise LinkError(f"number at {self.position} has too many bytes")

    def name(self):
        return bytes(self.take(self.unsigned())).decode("utf-8")

    def expect(self, value, what):
        found = self.byte()
        if found != value:
            raise LinkError(f"{what}: found {found:#x}, expected {value:#x}")

    def finish(self, what):
        if self.left:
            raise LinkError(f"{self.left} bytes too many in {what}")


def read_object(data):
    """Parse a relocatable object; `LinkError` on anything unknown."""
    reader = _Reader(data)
    if reader.take(len(MAGIC)) != MAGIC:
        raise LinkError("not a WebAssembly object of version 1")
    found = ObjectFile()
    custom = {}
    while reader.left:
        number = reader.byte()
        payload = reader.take(reader.unsigned())
        if number == CUSTOM:
            section = _Reader(payload)
            custom[section.name()] = section
        elif number in (TYPE, IMPORT, FUNCTION, CODE, DATA, DATA_COUNT) and number not in found.sections:
            found.sections[number] = bytes(payload)
        else:
            raise LinkError(f"section {number} is unknown or double")
    unknown, missing = set(custom) - _KNOWN_CUSTOM, _NEEDED_CUSTOM - set(custom)
    if unknown or missing:
        raise LinkError(f"custom sections: {sorted(unknown)} unknown, {sorted(missing)} missing")
    _read_imports(found)
    _read_segments(found)
    _read_linking(custom["linking"], found)
    for name, target in (("reloc.CODE", CODE), ("reloc.DATA", DATA)):
        if name in custom:
            found.relocations[target] = list(_read_relocations(custom[name], target, found))
    return found


def body_starts(code):
    """Where the bodies of functions begin in the payload of their section."""
    reader, starts = _Reader(code), []
    for _ in range(reader.unsigned()):
        size = reader.unsigned()
        starts.append(reader.position)
        reader.take(size)
    return starts


def _read_imports(found):
    reader = _Reader(found.sections.get(IMPORT, b"\0"))
    for _ in range(reader.unsigned()):
        reader.name()  # the module, always env
        name, kind = reader.name(), reader.byte()
        if kind == _IMPORT_FUNCTION:
            reader.unsigned()
            found.imported_functions.append(name)
        elif kind == _IMPORT_MEMORY:
            limits = reader.byte()
            reader.unsigned()
            if limits != 0:
                raise LinkError(f"memory {name} has limits of kind {limits}")
        elif kind == _IMPORT_GLOBAL and name == STACK_POINTER:
            reader.take(2)  # a mutable i32
            found.has_stack_pointer = True
        else:
            raise LinkError(f"import {name} of kind {kind}")
    reader.finish("the imports")


def _read_segments(found):
    reader = _Reader(found.sections.get(DATA, b"\0"))
    for _ in range(reader.unsigned()):
        reader.expect(0x00, "data segment's kind")
        reader.expect(0x41, "data segment's address")  # i32.const
        reader.signed()
        reader.expect(0x0B, "data segment's address")  # end
        size = reader.unsigned()
        found.segments.append(Segment(reader.position, size))
        reader.take(size)
    reader.finish("the data")


def _read_linking(reader, found):
    version = reader.unsigned()
    if version != _LINKING_VERSION:
        raise LinkError(f"linking metadata of version {version}, known is {_LINKING_VERSION}")
    while reader.left:
        kind = reader.byte()
        part = _Reader(reader.take(reader.unsigned()))
        if kind == _SEGMENT_INFO:
            if part.unsigned() != len(found.segments):
                raise LinkError("segment info does not fit the data section")
            for segment in found.segments:
                segment.name = part.name()
                segment.alignment = 1 << part.unsigned()
                flags = part.unsigned()
                if flags & ~0x1:  # 1: strings, which a linker may merge
                    raise LinkError(f"data segment with flags {flags:#x}")
        elif kind == _SYMBOL_TABLE:
            found.symbols = [_read_symbol(part, found) for _ in range(part.unsigned())]
        else:
            raise LinkError(f"linking metadata of kind {kind}")
        part.finish("the linking metadata")


def _read_symbol(reader, found):
    kind, flags = reader.byte(), reader.unsigned()
    if flags & ~_KNOWN_FLAGS:
        raise LinkError(f"symbol with flags {flags:#x}")
    defined = not flags & _UNDEFINED
    if kind in (SYMBOL_FUNCTION, SYMBOL_GLOBAL):
        index = reader.unsigned()
        if defined or flags & _EXPLICIT_NAME:
            name = reader.name()
        elif kind == SYMBOL_GLOBAL:
            name = STACK_POINTER
        elif index < len(found.imported_functions):
            name = found.imported_functions[index]
        else:
            raise LinkError(f"undefined function {index} is not imported")
        if kind == SYMBOL_GLOBAL and (defined or name != STACK_POINTER):
            raise LinkError(f"global {name}")
        return Symbol(kind, name, defined, index)
    if kind == SYMBOL_DATA:
        name = reader.name()
        if not defined:
            return Symbol(kind, name, False)
        segment, offset, size = reader.unsigned(), reader.unsigned(), reader.unsigned()
        if segment >= len(found.segments) or offset + size > found.segments[segment].size:
            raise LinkError(f"data {name} lies outside its segment")
        return Symbol(kind, name, True, segment, offset)
    raise LinkError(f"symbol of kind {kind}")


def _read_relocations(reader, target, found):
    reader.unsigned()  # the section's position in the file; its name says it too
    for _ in range(reader.unsigned()):
        kind, offset, symbol = reader.byte(), reader.unsigned(), reader.unsigned()
        if kind not in _RELOCATIONS[target]:
            raise LinkError(f"relocation of kind {kind} in section {target}")
        if symbol >= len(found.symbols):
            raise LinkError(f"relocation names symbol {symbol} of {len(found.symbols)}")
        yield Relocation(kind, offset, symbol, reader.signed() if kind in _WITH_ADDEND else 0)
    reader.finish("the relocations")
