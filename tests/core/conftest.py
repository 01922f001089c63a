"""Tests here also run modules in WebAssembly, as those of tests/live do."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "live"))
