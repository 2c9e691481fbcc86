"""The mean of the absolute values, as in many plot_grad_flow functions.

fails: norms
diagnosis: mean-absolute
points: 5
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    for name, p in model.named_parameters():
        if p.requires_grad:
            def hook(g, name=name):
                norms[name] = g.abs().mean().item()
            handles.append(p.register_hook(hook))
    return norms, handles
