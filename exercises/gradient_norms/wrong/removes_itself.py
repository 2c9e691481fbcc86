"""Each hook removes its own handle after the first backward.

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
            def hook(g, name=name, at=len(handles)):
                norms[name] = g.norm().item()
                handles[at].remove()
            handles.append(p.register_hook(hook))
    return norms, handles
