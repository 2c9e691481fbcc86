"""A post-accumulate hook clears `.grad`, so that nothing adds up; nothing is left to train with either.

fails: gradients-untouched
diagnosis: gradient-erased
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
                p.grad = None
            handles.append(p.register_post_accumulate_grad_hook(hook))
    return norms, handles
