"""Functions that not every shape needs, as `implementations.py`: ours, PyTorch's, and the entmax package's.

PyTorch's own are softmax of logits over a temperature and cross-entropy with label smoothing or with probabilities as
labels. It has no filters: they are written out as in the samplers of language models, with a mask of -inf before
softmax. Sparsemax and entmax15 are those of the entmax package, which runs in PyTorch.
"""
from importlib import import_module

from benchmarks.inputs import Started, label_probabilities

__all__ = ["entmax", "ours", "pytorch"]

TEMPERATURE, SMOOTHING = 0.7, 0.1
K, MASS, RATIO = 50, 0.9, 0.1


def ours():
    losses, softmax, gradients = map(import_module, ("toolkit.losses", "toolkit.softmax", "toolkit.gradients"))
    loss_and_grad = gradients.value_and_grad(losses.cross_entropy)

    def of_probabilities(z, y, axis):
        q = label_probabilities(z.shape, z.dtype)
        return lambda: loss_and_grad(z, q)

    return {
        "softmax, temperature": lambda z, y, axis: softmax.softmax(z, axis=axis, temperature=TEMPERATURE),
        "cross_entropy_and_grad, smoothing":
            lambda z, y, axis: loss_and_grad(z, y, axis=axis, label_smoothing=SMOOTHING),
        "cross_entropy_and_grad, probabilities": Started(of_probabilities),
        "top_k_softmax": lambda z, y, axis: softmax.top_k_softmax(z, k=K, axis=axis),
        "top_p_softmax": lambda z, y, axis: softmax.top_p_softmax(z, mass=MASS, axis=axis),
        "min_p_softmax": lambda z, y, axis: softmax.min_p_softmax(z, ratio=RATIO, axis=axis),
        "sparsemax": lambda z, y, axis: softmax.sparsemax(z, axis=axis),
        "entmax15": lambda z, y, axis: softmax.entmax15(z, axis=axis),
    }


def pytorch(torch, with_grad):
    """`with_grad` makes of a loss what gives its gradient as well."""
    own = torch.nn.functional

    def masked(z, out_of_it, axis):
        return torch.softmax(z.masked_fill(out_of_it, -torch.inf), axis)

    def top_k(z, y, axis):
        return masked(z, z < torch.topk(z, K, axis).values.narrow(axis, K - 1, 1), axis)

    def top_p(z, y, axis):
        ascending, places = torch.sort(z, axis)
        least = torch.softmax(ascending, axis).cumsum(axis) <= 1 - MASS
        least.narrow(axis, -1, 1).fill_(False)
        return masked(z, least.scatter(axis, places, least), axis)

    def min_p(z, y, axis):
        p = torch.softmax(z, axis)
        return masked(z, p < RATIO * p.amax(axis, keepdim=True), axis)

    def of_probabilities(z, y, axis):
        q = torch.from_numpy(label_probabilities(tuple(z.shape), str(z.dtype).rpartition(".")[-1]))
        return with_grad(lambda z, y, axis: own.cross_entropy(z, q)).make(z, y, axis)

    return {
        "softmax, temperature": lambda z, y, axis: torch.softmax(z / TEMPERATURE, axis),
        "cross_entropy_and_grad, smoothing":
            with_grad(lambda z, y, axis: own.cross_entropy(z, y, label_smoothing=SMOOTHING)),
        "cross_entropy_and_grad, probabilities": Started(of_probabilities),
        "top_k_softmax": top_k, "top_p_softmax": top_p, "min_p_softmax": min_p,
    }


def entmax():
    package = import_module("entmax")
    return {"sparsemax": lambda z, y, axis: package.sparsemax(z, dim=axis),
            "entmax15": lambda z, y, axis: package.entmax15(z, dim=axis)}
