"""Module by module: each module's own parameters, a shared one only where it is met first; several hooks
for one parameter."""

import torch


class Watch:
    """Counts its own handles."""

    def __init__(self, name, norms):
        self.name, self.norms = name, norms

    def __call__(self, gradient):
        self.norms[self.name] = torch.sqrt(torch.sum(gradient * gradient)).item()


def attach_gradient_norm_hooks(model):
    norms, handles, met = {}, [], set()
    for prefix, module in model.named_modules():
        for name, p in module._parameters.items():
            if p is None or id(p) in met or not p.requires_grad:
                continue
            met.add(id(p))
            handles.append(p.register_hook(Watch(f"{prefix}.{name}" if prefix else name, norms)))
            handles.append(p.register_hook(lambda g: None))
    return norms, handles
