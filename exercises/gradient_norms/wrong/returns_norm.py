"""The hook returns the norm, which autograd takes for the new gradient: of another shape, so it raises.

fails: names, norms, each-backward, frozen, tied, gradients-untouched, removable, no-leak
diagnosis: gradient-replaced
cause: raised
points: 15 (every backward raises)
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    for name, p in model.named_parameters():
        if p.requires_grad:
            def hook(g, name=name):
                norms[name] = g.norm()
                return norms[name]
            handles.append(p.register_hook(hook))
    return norms, handles
