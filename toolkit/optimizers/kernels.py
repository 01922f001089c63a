"""Kernels of schedules and steps, for other kernels and for live figures; those of the engine's rules are elsewhere."""
from toolkit._core.collect import collect

__all__ = [*collect(__name__, "KERNELS")]
