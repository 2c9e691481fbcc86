"""The hook returns the norm where autograd accepts it: of a parameter without dimensions it silently
becomes the gradient, with its sign gone.

fails: gradients-untouched
diagnosis: gradient-replaced
points: 2
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    for name, p in model.named_parameters():
        if p.requires_grad:
            def hook(g, name=name):
                norms[name] = g.norm()
                return norms[name] if g.dim() == 0 else None
            handles.append(p.register_hook(hook))
    return norms, handles
