"""The norm divided by the root of the number of entries.

fails: norms
diagnosis: root-mean-square
points: 5
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    for name, p in model.named_parameters():
        if p.requires_grad:
            def hook(g, name=name):
                norms[name] = g.pow(2).mean().sqrt().item()
            handles.append(p.register_hook(hook))
    return norms, handles
