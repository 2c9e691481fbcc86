"""Before each forward pass all entries become 0, and stay so where a layer takes no part.

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
                norms[name] = g.norm().item()
            handles.append(p.register_hook(hook))
    handles.append(model.register_forward_pre_hook(lambda *_: norms.update(dict.fromkeys(norms, 0.0))))
    return norms, handles
