"""The handles come first, the dict second.

fails: names
diagnosis: dict-not-first
points: 1
"""


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    for name, p in model.named_parameters():
        if p.requires_grad:
            def hook(g, name=name):
                norms[name] = g.norm().item()
            handles.append(p.register_hook(hook))
    return handles, norms
