"""The peer of grokking_step: the same training steps in PyTorch, timed. Needs only torch, so another Python may run it."""
import argparse
import json
import statistics
import time

import torch
from torch import nn


def step_seconds(threads, steps, p, width, fraction, loss):
    """Seconds of each full-batch AdamW step on modular addition with two hidden layers."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    pairs = torch.cartesian_prod(torch.arange(p), torch.arange(p))[torch.randperm(p * p)[:int(fraction * p * p)]]
    rows = torch.cat([nn.functional.one_hot(pairs[:, i], p) for i in (0, 1)], 1).float()
    labels = pairs.sum(1) % p
    sizes = (2 * p, width, width, p)
    layers = [layer for i in range(3) for layer in (nn.Linear(sizes[i], sizes[i + 1], bias=False), nn.ReLU())]
    network = nn.Sequential(*layers[:-1])
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
    parser.add_argument("--fraction", type=float, default=0.4)
    parser.add_argument("--loss", default="float32")
    options = vars(parser.parse_args())
    times = step_seconds(**options)
    print(json.dumps({"version": torch.__version__, "median": statistics.median(times[3:]), "best": min(times)}))
