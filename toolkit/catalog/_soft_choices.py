"""Rows of boxes, soft values and choices by utility."""

__all__ = ["METHODS"]

METHODS = ()
