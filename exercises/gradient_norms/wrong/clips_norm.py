"""The hook also clips the gradient's norm, in place.

fails: gradients-untouched
diagnosis: gradient-clipped
points: 2
"""


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    for name, p in model.named_parameters():
        if p.requires_grad:
            def hook(g, name=name):
                norms[name] = g.norm().item()
                if norms[name] > 100.0:
                    g.mul_(100.0 / norms[name])
            handles.append(p.register_hook(hook))
    return norms, handles
