"""Only the last part of each name is kept, so that layers overwrite one another.

fails: names
diagnosis: short-names
points: 1
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    for module in model.modules():
        for name, p in module.named_parameters(recurse=False):
            if p.requires_grad:
                def hook(g, name=name):
                    norms[name] = g.norm().item()
                handles.append(p.register_hook(hook))
    return norms, handles
