"""A tensor hook reads `.grad`, which is still None in the first backward.

fails: names, norms, each-backward, tied
diagnosis: none
cause: raised
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
