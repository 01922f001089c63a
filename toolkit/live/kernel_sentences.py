"""What is wrong with a kernel, as one plain sentence made of what Numba says about overloads, types and bytecode."""
import re

__all__ = ["sentence_of"]

_NO_KERNEL = "use numbers, tuples of numbers or arrays."
# (pattern in Numba's text, sentence): the first match speaks.
_SENTENCES = [
    (r"Untyped global name '(\w+)':.*Cannot determine Numba type of <class 'function'>",
     "{0} is a plain Python function: decorate it with toolkit's @kernel, like all that a kernel calls."),
    (r"Untyped global name '(\w+)':.*Cannot determine Numba type of <class '([\w.]+)'>",
     "{0} is a {1}, which a kernel cannot use: " + _NO_KERNEL),
    (r"argument \d+: Cannot determine Numba type of <class '([\w.]+)'>",
     "an argument is a {0}, which a kernel cannot use: " + _NO_KERNEL),
    (r"The use of a reflected list.*assigned to variable '(\w+)' in globals",
     "{0} is a list, which a kernel cannot use: " + _NO_KERNEL),
    (r"Cannot bind .* to signature '(\([^']*\))'", "this call does not fit the parameters {0}."),
    (r">>> (?:get|set)item\((?:float|int|bool)\w*", "this is a number, and only arrays and tuples have an index."),
    (r">>> (?:get|set)item\(\w+\([^()\n]*\), (?:float|Literal\[str\]|unicode_type)",
     "an index must be a whole number, as int(...) makes it."),
    (r">>> setitem\(\w+\([^()\n]*\), [^,\n]+, (?:Literal\[str\]|unicode_type)",
     "text cannot be put into an array of numbers."),
    (r">>> setitem\(\w+\([^()\n]*\), [^,\n]+, array\(",
     "a whole array cannot be put into one place: write a loop over the elements."),
    (r">>> \w+\([^\n]*(?:Literal\[str\]|unicode_type)", "this mixes text with numbers: keep words outside the kernel."),
    (r"Function\(<(?:ufunc|built-in function) '?(\w+)'?>\) found for signature:\s*>>> \w+\([^\n]*Number\(",
     "a number that knows its format needs a function of toolkit.elementary in the place of this {0}."),
    (r"No implementation of function .* found for signature:\s*>>> ([^\n]*)",
     "{0} is not something that a kernel can compute."),
    (r"No type info available for (\S+) as a callable", "this calls a {0}, which is no function."),
    (r"[Tt]uple index out of range|Static getitem out of range",
     "a tuple has fewer numbers than are taken: does a function return all that `returns` names?"),
    (r"failed to unpack (\S+)", "a {0} cannot be taken apart into several values."),
    (r"Can't unify return type from the following types: ([^\n]*)",
     "it returns values of different types, {0}: let every return give the same."),
    (r"have imprecise type: (list|DictType|set)", "nothing says what is in this empty {0}: " + _NO_KERNEL),
    (r"The use of yield in a closure", "generators are not available in a kernel: write a loop."),
    (r"unsupported opcode \(IMPORT_NAME\)",
     "import is not possible inside a kernel: import at the top of the file."),
    (r"unsupported opcode \(STORE_GLOBAL\)", "a kernel cannot change a global name: write into an output."),
    (r"Exception object cannot be stored", "a kernel cannot use the object of an exception: write a plain except."),
    (r"Unsupported context manager|construct is not supported", "with is not available in a kernel."),
    (r"NameError: name '(\w+)' is not defined", "the name {0} is not defined."),
    (r"Unknown attribute '(\w+)' of type", "there is no .{0} here that a kernel can use."),
    (r"Cannot unify (.*?) and (.*?) for '(\w+)", "the variable {2} changes its type, from {0} to {1}."),
    (r"[vV]ariable '(\w+)[\w.]*' (?:referenced before assignment|is not defined)",
     "the variable {0} is used before it gets a value."),
    (r"(module '[\w.]+' has no attribute '\w+')", "the {0}."),
    (r"NRT required but not enabled",
     "a kernel in WebAssembly cannot allocate memory: let arrays arrive as outputs or scratch arguments."),
]


# Numba's names of types, in words.
_TYPES = [
    (r"UniTuple\((\w+) x (\d+)\)", r"a tuple of \2 \1"),
    (r"array\((\w+), (\d)d, \w+\)", r"an array of \1"),
    (r"Literal\[(\w+)\]\(([^()]*)\)", r"\2"),
    (r"(Number|Row)\((?:[^()]|\([^()]*\))*\)", lambda found: f"a {found[1].lower()} in a format"),
    (r"DictType", "dict"),
]


def sentence_of(text):
    """The one sentence that says what is wrong."""
    for pattern, sentence in _SENTENCES:
        found = re.search(pattern, text, re.DOTALL)
        if found:
            return _in_types(sentence.format(*found.groups()))
    lines = [line.strip() for line in text.splitlines()]
    frame = ("Failed in", "File ", "During:", "<source")
    told = [line for line in lines if line and not line.startswith(frame)]
    return f"Numba cannot compile this line: {told[0] if told else text}"


def _in_types(text):
    for pattern, words in _TYPES:
        text = re.sub(pattern, words, text)
    return text
