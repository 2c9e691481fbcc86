"""A tensor hook reads `.grad`, which is still None in the first backward.

fails: names, norms, each-backward, frozen, tied, gradients-untouched, removable, no-leak
diagnosis: gradient-is-none
cause: raised
points: 15 (every backward raises)
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    for name, p in model.named_parameters():
        if p.requires_grad:
            def hook(g, name=name, p=p):
                norms[name] = p.grad.norm().item()
            handles.append(p.register_hook(hook))
    return norms, handles
