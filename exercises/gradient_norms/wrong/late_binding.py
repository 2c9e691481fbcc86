"""The hook looks up the loop's variable when it runs: everything goes under the last name.

fails: names
diagnosis: one-key
points: 1
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    for name, p in model.named_parameters():
        if p.requires_grad:
            handles.append(p.register_hook(lambda g: norms.__setitem__(name, g.norm().item())))
    return norms, handles
