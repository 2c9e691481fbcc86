"""A forward hook keeps the latest output, so one graph is always in memory.

fails: no-leak
diagnosis: none
points: 1
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    latest = {}
    handles.append(model.register_forward_hook(lambda module, args, output: latest.update(output=output)))
    for name, p in model.named_parameters():
        if p.requires_grad:
            def hook(g, name=name, latest=latest):
                norms[name] = g.norm().item()
            handles.append(p.register_hook(hook))
    return norms, handles
