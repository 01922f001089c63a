"""What a kernel that raises hands back: a status code made of the message, which the module itself keeps."""
from hashlib import sha256

from llvmlite import ir

__all__ = ["Statuses", "messages_of"]

_NOTE = "raise "
_BYTE = ir.IntType(8)


class Statuses:
    """Gives each `raise` of an LLVM module its code; the message is noted as a global that linking keeps."""

    def __init__(self, module):
        self._module = module

    def _add_exception(self, exception, arguments, location):
        words = [exception.__name__ if exception else "exception"]
        words += [str(a) for a in arguments or () if a is not None]
        message = ": ".join(words)
        name = _NOTE + message.encode().hex()  # other characters of a name come back changed
        if name not in self._module.globals:
            note = ir.GlobalVariable(self._module, _BYTE, name)
            note.linkage, note.initializer = "weak_odr", _BYTE(0)
        return _code_of(message)


def _code_of(message):
    """The same in all builds; between 2^30 and 2^31."""
    return int.from_bytes(sha256(message.encode()).digest()[:4]) >> 2 | 1 << 30


def messages_of(module):
    """Code -> message of each `raise` in a linked module."""
    noted = [bytes.fromhex(variable.name.removeprefix(_NOTE)).decode() for variable in module.global_variables
             if variable.name.startswith(_NOTE)]
    return {_code_of(message): message for message in sorted(noted)}
