"""The accuracy tests measure with the benchmark's own code, so its folder must be importable."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
