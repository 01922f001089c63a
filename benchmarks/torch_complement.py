"""The complement form in PyTorch's own operations: on any device, with autograd."""
import torch
from torch.nn.functional import softplus


def cross_entropy(z, y):
    y = y.unsqueeze(-1)
    rest = torch.logsumexp(z.scatter(-1, y, -torch.inf), -1, keepdim=True)
    return softplus(rest - z.gather(-1, y)).mean()


def log_softmax(z):
    z_top, top = z.max(-1, keepdim=True)
    rest = torch.logsumexp(z.scatter(-1, top, -torch.inf), -1, keepdim=True)
    return (z - z_top).scatter(-1, top, 0.0) - softplus(rest - z_top)
