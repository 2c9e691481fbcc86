"""Norms of 0 are not recorded.

fails: each-backward
diagnosis: none
points: 2
"""


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    for name, p in model.named_parameters():
        if p.requires_grad:
            def hook(g, name=name):
                if norm := g.norm().item():
                    norms[name] = norm
            handles.append(p.register_hook(hook))
    return norms, handles
