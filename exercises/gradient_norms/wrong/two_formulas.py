"""Two mistakes at once: spectral norms of matrices, and mean absolute values of the rest.

fails: norms
diagnosis: spectral-norm+mean-absolute
points: 5
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    for name, p in model.named_parameters():
        if p.requires_grad:
            def hook(g, name=name):
                norm = torch.linalg.norm(g, 2) if g.dim() == 2 else g.abs().mean()
                norms[name] = norm.item()
            handles.append(p.register_hook(hook))
    return norms, handles
