"""Networks as kernels: the perceptron and the transformer, forwards and backwards."""
