"""The error on frozen parameters is silenced by unfreezing them.

fails: frozen
diagnosis: unfrozen
points: 1
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    for name, p in model.named_parameters():
        p.requires_grad_(True)
        def hook(g, name=name):
            norms[name] = g.norm().item()
        handles.append(p.register_hook(hook))
    return norms, handles
