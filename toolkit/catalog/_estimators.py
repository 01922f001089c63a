"""Rows of estimators of information."""

__all__ = ["METHODS"]

METHODS = ()
