"""Softmax, activations and losses in finite precision: accurate Numba kernels and live figures."""
