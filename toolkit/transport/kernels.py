"""Kernels of transport, for other kernels and for live figures: sweeps, plans, and the ascent on a dual."""
# ruff: noqa: F401
from toolkit.transport._sinkhorn import sinkhorn_plan, sinkhorn_scaling, sinkhorn_scaling_plan, sinkhorn_sweep
from toolkit.transport._sparse_transport import sparse_ascent, sparse_dual

__all__ = [name for name in dir() if not name.startswith("_")]
