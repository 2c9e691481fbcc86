"""The right norm, and a gradient spoiled on the way: `pow_` squares it in place.

fails: gradients-untouched
diagnosis: gradient-squared
points: 2
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    for name, p in model.named_parameters():
        if p.requires_grad:
            def hook(g, name=name):
                norms[name] = g.pow_(2).sum().sqrt().item()
            handles.append(p.register_hook(hook))
    return norms, handles
