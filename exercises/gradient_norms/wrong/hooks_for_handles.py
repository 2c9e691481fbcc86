"""The hooks themselves are collected, not the handles.

fails: removable
diagnosis: none
points: 2
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {}
    hooks = []
    for name, p in model.named_parameters():
        if p.requires_grad:
            def hook(g, name=name):
                norms[name] = g.norm().item()
            p.register_hook(hook)
            hooks.append(hook)
    return norms, hooks
