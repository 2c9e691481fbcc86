"""Two mistakes at once: spectral norms, and the weight after the step.

fails: ratios
diagnosis: spectral-norm+divided-by-new-weight
points: 3
"""
import torch
from torch import nn


def update_ratios(model, optimizer_step):
    before = {name: m.weight.detach().clone() for name, m in model.named_modules() if isinstance(m, nn.Linear)}
    optimizer_step()
    after = {name: model.get_submodule(name).weight.detach() for name in before}
    return {name: (torch.linalg.norm(after[name] - w, 2) / torch.linalg.norm(after[name], 2)).item()
            for name, w in before.items()}
