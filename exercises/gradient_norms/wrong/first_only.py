"""An entry is written once and never again.

fails: each-backward
diagnosis: stale-gradient
points: 2
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    for name, p in model.named_parameters():
        if p.requires_grad:
            def hook(g, name=name):
                norms[name] = norms.get(name, g.norm().item())
            handles.append(p.register_hook(hook))
    return norms, handles
