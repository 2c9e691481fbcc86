"""Parameters without dimensions are taken for something else than parameters.

fails: names
diagnosis: scalar-skipped
points: 1
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    for name, p in model.named_parameters():
        if p.requires_grad and p.dim() > 0:
            def hook(g, name=name):
                norms[name] = g.norm().item()
            handles.append(p.register_hook(hook))
    return norms, handles
