"""Grokking and Softmax Collapse: data, networks, losses, optimizers and training in chosen precision."""
