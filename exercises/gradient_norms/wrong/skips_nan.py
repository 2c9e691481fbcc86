"""Only finite norms are recorded: where it explodes, the last sound norm stays.

fails: each-backward
diagnosis: none
points: 2
"""

import math


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    for name, p in model.named_parameters():
        if p.requires_grad:
            def hook(g, name=name):
                norm = g.norm().item()
                if math.isfinite(norm):
                    norms[name] = norm
            handles.append(p.register_hook(hook))
    return norms, handles
