"""All entries are views of one tensor that every hook writes to.

fails: norms
diagnosis: one-buffer
points: 5
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    buffer = torch.zeros((), dtype=torch.float64)
    for name, p in model.named_parameters():
        if p.requires_grad:
            def hook(g, name=name):
                norms[name] = buffer.copy_(g.norm())
            handles.append(p.register_hook(hook))
    return norms, handles
