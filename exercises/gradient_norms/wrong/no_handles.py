"""The dict alone is returned.

fails: removable
diagnosis: no-handles
points: 2
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {}
    for name, p in model.named_parameters():
        if p.requires_grad:
            def hook(g, name=name):
                norms[name] = g.norm().item()
            p.register_hook(hook)
    return norms
