"""A post-accumulate hook records the norm of `.grad`, in which backwards add up.

fails: each-backward
diagnosis: accumulated-gradient
points: 2
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    for name, p in model.named_parameters():
        if p.requires_grad:
            def hook(p, name=name):
                norms[name] = p.grad.norm().item()
            handles.append(p.register_post_accumulate_grad_hook(hook))
    return norms, handles
