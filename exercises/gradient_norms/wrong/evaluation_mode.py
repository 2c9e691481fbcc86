"""The net is put into evaluation mode, and stays in it.

fails: gradients-untouched
diagnosis: none
points: 2
"""


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    model.eval()
    for name, p in model.named_parameters():
        if p.requires_grad:
            def hook(g, name=name):
                norms[name] = g.norm().item()
            handles.append(p.register_hook(hook))
    return norms, handles
