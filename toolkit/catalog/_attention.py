"""Rows of attention."""

__all__ = ["METHODS"]

METHODS = ()
