"""Rows of thresholds, sparse codes and competition."""

__all__ = ["METHODS"]

METHODS = ()
