"""Numbers to compare the transformer with, from PyTorch: python torch_transformer.py prints RECORDED.

Needs torch alone. The weights are sines, so that any program can make the same ones.
"""
import pprint

import torch
from torch import nn

P, WIDTH, HEADS, FFN, STEPS = 7, 12, 3, 20, 8


def sines(shape, number):
    """``sin(1 + number + 0.7 i)``, scaled like a layer's weights; around 1 for the scale of a norm."""
    wave = torch.sin(1.0 + number + 0.7 * torch.arange(torch.Size(shape).numel(), dtype=torch.float64)).reshape(shape)
    return 0.5 * wave


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(P, WIDTH)
        self.layer = nn.TransformerEncoderLayer(WIDTH, HEADS, dim_feedforward=FFN, dropout=0.0, batch_first=True)
        self.head = nn.Linear(WIDTH, P)

    def forward(self, pairs):
        return self.head(self.layer(self.embedding(pairs)))[:, -1]


def tensors_of(network):
    layer = network.layer
    return {
        "embedding": network.embedding.weight, "in_proj_weight": layer.self_attn.in_proj_weight,
        "in_proj_bias": layer.self_attn.in_proj_bias, "out_proj.weight": layer.self_attn.out_proj.weight,
        "out_proj.bias": layer.self_attn.out_proj.bias, "linear1.weight": layer.linear1.weight,
        "linear1.bias": layer.linear1.bias, "linear2.weight": layer.linear2.weight,
        "linear2.bias": layer.linear2.bias, "norm1.weight": layer.norm1.weight, "norm1.bias": layer.norm1.bias,
        "norm2.weight": layer.norm2.weight, "norm2.bias": layer.norm2.bias, "head.weight": network.head.weight,
        "head.bias": network.head.bias}


def main():
    network = Network().double()
    tensors = tensors_of(network)
    with torch.no_grad():
        for number, (name, tensor) in enumerate(tensors.items()):
            tensor.copy_(sines(tensor.shape, number) + (1.0 if name in ("norm1.weight", "norm2.weight") else 0.0))
    pairs = torch.cartesian_prod(torch.arange(1, P), torch.arange(1, P))
    labels = pairs.sum(1) % P
    train, test = pairs[0::2], pairs[1::2]
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.01, betas=(0.9, 0.999), eps=1e-8, weight_decay=1.5)
    losses = []
    for step in range(STEPS + 1):
        loss = nn.functional.cross_entropy(network(train), labels[0::2])
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
        if step == 0:
            norms = {name: tensor.grad.norm().item() for name, tensor in tensors.items()}
            held_out = nn.functional.cross_entropy(network(test), labels[1::2]).item()
            logits = network(test)[0].tolist()
        optimizer.step()
    pprint.pp({"losses": losses, "test_loss": held_out, "first_test_logits": logits, "gradient_norms": norms},
              width=110, compact=True)


if __name__ == "__main__":
    main()
