"""What a file with a figure holds, unpacked as its own script does it."""
import json
import re
import zlib
from pathlib import Path

from toolkit.live.wasm import WasmModule


def unpacked(text):
    """Bytes of the text in a file, after its script: five characters are four bytes."""
    digits = [ord(c) - 42 for c in text.replace("!", "<").ljust(-(-len(text) // 5) * 5, "~")]
    groups = (digits[at:at + 5] for at in range(0, len(digits), 5))
    numbers = (sum(digit * 85**(4 - k) for k, digit in enumerate(group)) for group in groups)
    return zlib.decompress(b"".join(number.to_bytes(4, "big") for number in numbers)[:len(text) * 4 // 5])


class Saved:
    def __init__(self, path):
        self.text = Path(path).read_text("utf-8")
        held, _, wasm = unpacked(re.search(r'id="live-packed">([^<]*)</script>', self.text)[1]).partition(b"\n")
        self.held = json.loads(held)
        self.module = WasmModule(wasm, self.held["module"]["manifest"])
        self.spec = json.loads(re.search(r'class="live-spec">(.*?)</script>', self.held["figure"])[1])
        self.still = re.search(r'<main id="live-file">(.*?)</main>', self.text, re.DOTALL)[1]
