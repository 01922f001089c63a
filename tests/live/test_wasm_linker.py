"""The linker places data and stack right, and refuses every object that it does not fully understand."""
import llvmlite.binding as llvm
import pytest
import wasmtime

from toolkit.live.wasm import objectfile
from toolkit.live.wasm.linker import LinkError, UndefinedSymbols, link
from toolkit.live.wasm.objectfile import read_object
from toolkit.live.wasm.target import TRIPLE, create_target_machine

# Constant data with a pointer into other data, an array on the stack, a call, and a global that is written.
PROGRAM = """
@numbers = internal constant [3 x i32] [i32 10, i32 20, i32 30], align 64
@second = internal global ptr getelementptr (i32, ptr @numbers, i32 1), align 4
@counter = internal global i32 5, align 4

define internal i32 @fill(ptr %place, i32 %value) noinline {
  store volatile i32 %value, ptr %place
  %again = load volatile i32, ptr %place
  ret i32 %again
}
define i32 @answer(i32 %index) {
  %local = alloca [4 x i32]
  %where = getelementptr i32, ptr @numbers, i32 %index
  %number = load volatile i32, ptr %where
  %pointer = load volatile ptr, ptr @second
  %twenty = load volatile i32, ptr %pointer
  %filled = call i32 @fill(ptr %local, i32 %twenty)
  %count = load volatile i32, ptr @counter
  %more = add i32 %count, 1
  store volatile i32 %more, ptr @counter
  %sum = add i32 %number, %filled
  %all = add i32 %sum, %count
  ret i32 %all
}
define i32 @recurse(i32 %depth) {
  %local = alloca [1000 x i32]
  %ignored = call i32 @fill(ptr %local, i32 %depth)
  %next = add i32 %depth, 1
  %result = call i32 @recurse(i32 %next)
  %again = call i32 @fill(ptr %local, i32 %result)
  ret i32 %again
}
"""
EXPORTS = {"answer": "answer", "recurse": "recurse"}


def compiled(program):
    machine = create_target_machine()
    text = f'target triple = "{TRIPLE}"\ntarget datalayout = "{machine.target_data}"\n{program}'
    return machine.emit_object(llvm.parse_assembly(text))


@pytest.fixture(scope="module")
def good():
    return compiled(PROGRAM)


def test_linked_module_runs_with_data_stack_and_heap_in_place(good):
    with wasmtime.Engine() as engine, wasmtime.Store(engine) as store:
        with wasmtime.Module(engine, link(good, EXPORTS)) as module:
            assert not module.imports
            exports = wasmtime.Instance(store, module, []).exports(store)
            assert [exports["answer"](store, i) for i in range(3)] == [10 + 20 + 5, 20 + 20 + 6, 30 + 20 + 7]
            heap_base = exports["__heap_base"].value(store)
            memory = exports["memory"]
            assert heap_base % 64 == 0 and heap_base < memory.data_len(store)
            numbers = bytes(memory.read(store, 0, heap_base)).index(b"\x0a\0\0\0\x14\0\0\0\x1e\0\0\0")
            assert numbers % 64 == 0 and numbers >= 65536
            with pytest.raises(wasmtime.Trap):  # the stack ends at address 0: it cannot run into the data
                exports["recurse"](store, 0)
            assert bytes(memory.read(store, numbers, numbers + 4)) == b"\x0a\0\0\0"


# Two functions with equal numbers of their own, a third with others, and data that is written.
TABLES = """
@one = internal constant [3 x i32] [i32 10, i32 20, i32 30], align 4
@same = internal constant [3 x i32] [i32 10, i32 20, i32 30], align 4
@other = internal constant [3 x i32] [i32 10, i32 20, i32 31], align 4
@written = internal global [3 x i32] [i32 10, i32 20, i32 30], align 4
@far = internal global ptr @other, align 4
""" + "".join(f"""
define i32 @of_{name}(i32 %index) {{
  %where = getelementptr i32, ptr @{name}, i32 %index
  %number = load volatile i32, ptr %where
  ret i32 %number
}}""" for name in ("one", "same", "other", "written", "far"))


def test_equal_constants_lie_there_once_and_users_are_noted():
    data = compiled(TABLES)
    module = link(data, {"of_one": "of_one"})
    numbers = b"\x0a\0\0\0\x14\0\0\0"
    assert [data.count(numbers), module.count(numbers)] == [4, 3], "what is written stays apart"
    noted = module[module.index(b"\x05users") + 6:]
    # Both functions with equal numbers; those of `other`, one by way of `far`; that of `written`; that of `far`.
    assert sorted([noted[at:at + 3] for at in (1, 4)]) == [b"\2\0\1", b"\2\2\4"]
    assert noted[0] == 4 and sorted([noted[7:9], noted[9:11]]) == [b"\1\3", b"\1\4"]


def test_undefined_functions_and_data_are_named():
    program = """
    declare double @missing(double)
    @elsewhere = external global double
    define double @answer(double %x) {
      %y = call double @missing(double %x)
      %z = load double, ptr @elsewhere
      %sum = fadd double %y, %z
      ret double %sum
    }"""
    with pytest.raises(UndefinedSymbols, match="elsewhere, missing") as caught:
        link(compiled(program), {"answer": "answer"})
    assert caught.value.names == ["elsewhere", "missing"]


@pytest.mark.parametrize(("program", "complaint"), [
    ("""define i32 @answer(ptr %function) {
          %result = call i32 %function(i32 1)
          ret i32 %result
        }""", "import __indirect_function_table"),
    ("""define i32 @one() { ret i32 1 }
        @table = constant ptr @one
        define ptr @answer() { %f = load volatile ptr, ptr @table
          ret ptr %f }""", "section 9 is unknown"),
    ("""@llvm.global_ctors = appending global [1 x { i32, ptr, ptr }]
          [{ i32, ptr, ptr } { i32 1, ptr @answer, ptr null }]
        define void @answer() { ret void }""", "import __indirect_function_table"),
    ("""$shared = comdat any
        define linkonce_odr i32 @shared() comdat { ret i32 1 }
        define i32 @answer() { %v = call i32 @shared()
          ret i32 %v }""", "linking metadata of kind 7"),
], ids=["indirect call", "function pointer", "constructor", "comdat"])
def test_what_kernels_never_contain_is_refused(program, complaint):
    with pytest.raises(LinkError, match=complaint):
        link(compiled(program), {"answer": "answer"})


def test_missing_export_is_refused(good):
    with pytest.raises(LinkError, match="no function question"):
        link(good, {"question": "question"})


def test_every_truncation_is_refused(good):
    for length in range(len(good)):
        with pytest.raises(LinkError):
            link(good[:length], EXPORTS)


def section(number, payload):
    return bytes([number, len(payload)]) + payload


@pytest.mark.parametrize(("extra", "complaint"), [
    (section(9, b"\0"), "section 9 is unknown"),
    (section(3, b"\0"), "section 3 is unknown or double"),
    (section(0, b"\x04name"), "name.* unknown"),
    (section(0, b"\x0breloc.DEBUG"), "reloc.DEBUG.* unknown"),
    (b"\x01\xff\xff\xff\xff\xff\xff\x01", "too many bytes"),
    (b"\x01\xff\xff\xff\xff\x7f", "32 bits"),
], ids=["elements", "double section", "custom section", "debug relocations", "long number", "large number"])
def test_unknown_sections_are_refused(good, extra, complaint):
    with pytest.raises(LinkError, match=complaint):
        link(good + extra, EXPORTS)


def changed(data, where, value):
    return data[:where] + bytes([value]) + data[where + 1:]


def test_unknown_versions_are_refused(good):
    with pytest.raises(LinkError, match="version 1"):
        link(changed(good, 4, 2), EXPORTS)
    where = good.index(b"\x07linking") + 8
    with pytest.raises(LinkError, match="linking metadata of version 3"):
        link(changed(good, where, 3), EXPORTS)


def relocation_entries(data, name):
    """Positions of the kind byte of each relocation in a section of the object."""
    reader = objectfile._Reader(data)
    reader.position = data.index(name) + len(name)
    reader.unsigned()
    for _ in range(reader.unsigned()):
        yield reader.position
        kind = reader.byte()
        reader.unsigned()
        reader.unsigned()
        if kind in (3, 4, 5):
            reader.signed()


@pytest.mark.parametrize(("name", "known"), [(b"reloc.CODE", {0, 3, 4, 7}), (b"reloc.DATA", {5})])
def test_every_other_kind_of_relocation_is_refused(good, name, known):
    positions = list(relocation_entries(good, name))
    assert {good[p] for p in positions} <= known and positions
    for kind in set(range(27)) - known:
        with pytest.raises(LinkError, match="relocation"):
            link(changed(good, positions[0], kind), EXPORTS)


def test_relocations_at_wrong_places_are_refused(good):
    code = read_object(good).sections[objectfile.CODE]
    start = good.index(code)
    for relocation in read_object(good).relocations[objectfile.CODE]:
        place = start + relocation.offset
        with pytest.raises(LinkError, match="does not fit"):
            link(changed(good, place, good[place] & 0x7F), EXPORTS)
    for position in relocation_entries(good, b"reloc.CODE"):
        if good[position] in (objectfile.FUNCTION_INDEX_LEB, objectfile.GLOBAL_INDEX_LEB):
            other = objectfile.MEMORY_ADDR_LEB  # of a symbol that is no data, and now without its addend
            with pytest.raises(LinkError):
                link(changed(good, position, other), EXPORTS)
