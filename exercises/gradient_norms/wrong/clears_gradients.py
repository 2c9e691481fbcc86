"""Gradients that are there already are cleared when the hooks are attached.

fails: gradients-untouched
diagnosis: none
points: 2
"""


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    model.zero_grad()
    for name, p in model.named_parameters():
        if p.requires_grad:
            def hook(g, name=name):
                norms[name] = g.norm().item()
            handles.append(p.register_hook(hook))
    return norms, handles
