"""The dict starts with a zero for every parameter, frozen and unused ones included.

fails: frozen
diagnosis: prefilled
points: 1
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {name: 0.0 for name, _ in model.named_parameters()}
    handles = []
    for name, p in model.named_parameters():
        if p.requires_grad:
            def hook(g, name=name):
                norms[name] = g.norm().item()
            handles.append(p.register_hook(hook))
    return norms, handles
