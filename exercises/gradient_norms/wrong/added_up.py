"""Norms are added to what the entry holds.

fails: each-backward
diagnosis: added-up
points: 2
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    for name, p in model.named_parameters():
        if p.requires_grad:
            def hook(g, name=name):
                norms[name] = norms.get(name, 0.0) + g.norm().item()
            handles.append(p.register_hook(hook))
    return norms, handles
