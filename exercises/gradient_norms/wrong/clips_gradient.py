"""The hook also clips each entry of the gradient.

fails: gradients-untouched
diagnosis: gradient-clipped
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
                return g.clamp(-10.0, 10.0)
            handles.append(p.register_hook(hook))
    return norms, handles
