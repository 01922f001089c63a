"""The peer of grokking_step: the same training steps in PyTorch, timed.

It needs only torch, so another Python may run it.
"""
import argparse
import json
import statistics
import time

import torch
from torch import nn


class Transformer(nn.Module):
    """One layer of model width 128, read at the last token, as in the published code."""

    def __init__(self, p):
        super().__init__()
        self.embedding, self.head = nn.Embedding(p, 128), nn.Linear(128, p)
        self.layer = nn.TransformerEncoderLayer(128, 4)

    def forward(self, pairs):
        return self.head(self.layer(self.embedding(pairs).transpose(0, 1)).transpose(0, 1))[:, -1]


def perceptron(p, width):
    """Two hidden layers of ReLUs."""
    sizes = (2 * p, width, width, p)
    layers = [layer for i in range(3) for layer in (nn.Linear(sizes[i], sizes[i + 1], bias=False), nn.ReLU())]
    return nn.Sequential(*layers[:-1])


def step_seconds(model, threads, steps, p, width, fraction, loss):
    """Seconds of each full-batch AdamW step on modular addition."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    first = 1 if model == "transformer" else 0
    pairs = torch.cartesian_prod(torch.arange(first, p), torch.arange(first, p))
    pairs = pairs[torch.randperm(len(pairs))[:int(fraction * len(pairs))]]
    labels = pairs.sum(1) % p
    if model == "transformer":
        network, rows = Transformer(p), pairs
    else:
        network = perceptron(p, width)
        rows = torch.cat([nn.functional.one_hot(pairs[:, i], p) for i in (0, 1)], 1).float()
    optimizer = torch.optim.AdamW(network.parameters(), lr=5e-4, betas=(0.9, 0.99), eps=1e-25, weight_decay=0.0)
    seconds = []
    for _ in range(steps):
        begun = time.perf_counter()
        optimizer.zero_grad()
        logits = network(rows).to(getattr(torch, loss))
        nn.functional.cross_entropy(logits, labels).backward()
        optimizer.step()
        seconds.append(time.perf_counter() - begun)
    return seconds


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in (("threads", 1), ("steps", 30), ("p", 113), ("width", 200)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--model", choices=("mlp", "transformer"), default="mlp")
    parser.add_argument("--fraction", type=float, default=0.4)
    parser.add_argument("--loss", default="float32")
    options = vars(parser.parse_args())
    times = step_seconds(**options)
    print(json.dumps({"version": torch.__version__, "median": statistics.median(times[3:]), "best": min(times)}))
