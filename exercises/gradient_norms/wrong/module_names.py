"""Entries are named after modules, so a layer's weight and bias share one.

fails: names
diagnosis: module-names
points: 1
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    for name, module in model.named_modules():
        for p in module.parameters(recurse=False):
            if p.requires_grad:
                def hook(g, name=name):
                    norms[name] = g.norm().item()
                handles.append(p.register_hook(hook))
    return norms, handles
