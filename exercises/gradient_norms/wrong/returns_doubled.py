"""The documentation's example, `lambda grad: grad * 2`, copied with its return value (BetterDL, py_stu).

fails: gradients-untouched
diagnosis: gradient-scaled
points: 2
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    for name, p in model.named_parameters():
        if p.requires_grad:
            def hook(grad, name=name):
                norms[name] = grad.norm().item()
                return grad * 2
            handles.append(p.register_hook(hook))
    return norms, handles
