"""Rows of bounds of a network's outputs."""

__all__ = ["METHODS"]

METHODS = ()
