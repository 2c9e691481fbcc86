"""Old gradients are cleared before the step, which makes its own; all in torch.no_grad() but the step."""
import torch
from torch import nn


def update_ratios(model, optimizer_step):
    linears = [(name, m) for name, m in model.named_modules() if type(m) is nn.Linear]
    with torch.no_grad():
        old = [m.weight.clone() for _, m in linears]
    model.zero_grad()
    optimizer_step()
    with torch.no_grad():
        return {name: float(torch.dist(m.weight, w) / torch.norm(w))
                for (name, m), w in zip(linears, old, strict=True)}


def factor_per_layer(ratios):
    first, last = next(iter(ratios.values())), next(reversed(ratios.values()))
    return math.exp(math.log(last / first) / (len(ratios) - 1))
