"""A hook is registered on frozen parameters too, which raises RuntimeError.

fails: frozen
diagnosis: frozen-hooked
cause: raised
points: 1
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    for name, p in model.named_parameters():
        def hook(g, name=name):
            norms[name] = g.norm().item()
        handles.append(p.register_hook(hook))
    return norms, handles
