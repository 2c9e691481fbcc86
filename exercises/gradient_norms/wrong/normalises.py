"""The hook also divides the gradient by its norm, in place.

fails: gradients-untouched
diagnosis: gradient-normalised
points: 2
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    for name, p in model.named_parameters():
        if p.requires_grad:
            def hook(g, name=name):
                norms[name] = g.norm().item()
                g.div_(norms[name])
            handles.append(p.register_hook(hook))
    return norms, handles
