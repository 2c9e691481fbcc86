"""One try around the whole loop: at the first frozen parameter the rest is given up.

fails: frozen
diagnosis: none
points: 1
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    try:
        for name, p in model.named_parameters():
            def hook(g, name=name):
                norms[name] = g.norm().item()
            handles.append(p.register_hook(hook))
    except RuntimeError:
        pass
    return norms, handles
