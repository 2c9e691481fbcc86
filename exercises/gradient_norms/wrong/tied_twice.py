"""Modules are gone through one by one, so a shared weight gets a hook and a name from each.

fails: tied
diagnosis: tied-twice
points: 1
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    for prefix, module in model.named_modules():
        for name, p in module.named_parameters(recurse=False):
            if p.requires_grad:
                def hook(g, name=f"{prefix}.{name}".lstrip(".")):
                    norms[name] = g.norm().item()
                handles.append(p.register_hook(hook))
    return norms, handles
