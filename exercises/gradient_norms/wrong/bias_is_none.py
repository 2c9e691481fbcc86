"""Modules are gone through with all that they may have: a bias that is not there is None.

fails: frozen
diagnosis: layer-without-bias
cause: raised
points: 1
"""


def attach_gradient_norm_hooks(model):
    norms, handles, met = {}, [], set()
    for prefix, module in model.named_modules():
        for name, p in module._parameters.items():
            if p.requires_grad and p not in met:
                met.add(p)
                full = f"{prefix}.{name}" if prefix else name
                handles.append(p.register_hook(lambda g, full=full: norms.__setitem__(full, g.norm().item())))
    return norms, handles
