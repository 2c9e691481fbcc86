"""A tensor hook reads `.grad`, which is None at first and one backward late afterwards.

fails: names, each-backward, frozen, tied, no-leak
diagnosis: nothing-recorded, stale-gradient
points: 6
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    for name, p in model.named_parameters():
        if p.requires_grad:
            def hook(g, name=name, p=p):
                if p.grad is not None:
                    norms[name] = p.grad.norm().item()
            handles.append(p.register_hook(hook))
    return norms, handles
