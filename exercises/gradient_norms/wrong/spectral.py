"""torch.linalg.norm with ord 2 is the spectral norm where the gradient is a matrix.

fails: norms
diagnosis: spectral-norm
points: 5
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    for name, p in model.named_parameters():
        if p.requires_grad:
            def hook(g, name=name):
                norms[name] = torch.linalg.norm(g, 2).item() if g.dim() == 2 else g.norm().item()
            handles.append(p.register_hook(hook))
    return norms, handles
