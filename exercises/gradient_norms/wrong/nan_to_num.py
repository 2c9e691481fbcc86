"""The hook makes NaN 0, so that training goes on as if nothing had happened.

fails: gradients-untouched
diagnosis: none
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
                return torch.nan_to_num(g)
            handles.append(p.register_hook(hook))
    return norms, handles
