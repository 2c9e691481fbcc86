"""The square root is taken of the norm once more (pytorch-lightning#2012 did so for each parameter).

fails: norms
diagnosis: root-twice
points: 5
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    for name, p in model.named_parameters():
        if p.requires_grad:
            def hook(g, name=name):
                norms[name] = g.norm().sqrt().item()
            handles.append(p.register_hook(hook))
    return norms, handles
