"""The handle is overwritten in the loop: only the last one is returned.

fails: removable
diagnosis: some-handles
points: 2
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {}
    for name, p in model.named_parameters():
        if p.requires_grad:
            def hook(g, name=name):
                norms[name] = g.norm().item()
            handle = p.register_hook(hook)
    return norms, [handle]
