"""Gradients are switched on inside the hook, so that the entries are tensors that require one.

fails: no-leak
diagnosis: entries-hold-graphs
points: 1
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    for name, p in model.named_parameters():
        if p.requires_grad:
            def hook(g, name=name, p=p):
                with torch.enable_grad():
                    norms[name] = (g + 0 * p).norm()
            handles.append(p.register_hook(hook))
    return norms, handles
