"""Rows of evolved normalisation-activations, of splines' and activations' bases, and of periodic binarisation."""

__all__ = ["METHODS"]

METHODS = ()
