"""The sum of the absolute values, the L1 norm.

fails: norms
diagnosis: l1-norm
points: 5
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    for name, p in model.named_parameters():
        if p.requires_grad:
            def hook(g, name=name):
                norms[name] = g.abs().sum().item()
            handles.append(p.register_hook(hook))
    return norms, handles
