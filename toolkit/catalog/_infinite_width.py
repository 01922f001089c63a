"""Rows of infinitely wide networks and of the largest learning rate."""

__all__ = ["METHODS"]

METHODS = ()
