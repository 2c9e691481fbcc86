"""A function for matrices, which a bias's gradient is not.

fails: names, norms, each-backward, frozen, tied, gradients-untouched, removable, no-leak
diagnosis: matrices-only
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
                norms[name] = torch.linalg.matrix_norm(g).item()
            handles.append(p.register_hook(hook))
    return norms, handles
