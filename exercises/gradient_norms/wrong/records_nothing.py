"""The norms are read when the hooks are attached, before there is any gradient.

fails: names, norms, each-backward, frozen, tied, removable, no-leak
diagnosis: nothing-recorded
points: 13 (without entries there is nothing to look at)
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {n: p.grad.norm().item() for n, p in model.named_parameters() if p.grad is not None}
    handles = [p.register_hook(lambda g: None) for p in model.parameters() if p.requires_grad]
    return norms, handles
