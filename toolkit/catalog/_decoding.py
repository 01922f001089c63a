"""Rows of decoding: entropy at inference, advantages and their weights."""

__all__ = ["METHODS"]

METHODS = ()
