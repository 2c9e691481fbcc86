"""The gradient is summed, so that signs cancel.

fails: norms
diagnosis: sum-of-entries
points: 5
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    for name, p in model.named_parameters():
        if p.requires_grad:
            def hook(g, name=name):
                norms[name] = g.sum().item()
            handles.append(p.register_hook(hook))
    return norms, handles
