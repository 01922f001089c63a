"""Rows of mirror descent, consensus, steps by predictability and surrogates of targets."""

__all__ = ["METHODS"]

METHODS = ()
