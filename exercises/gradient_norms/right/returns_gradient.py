"""The hook returns the gradient it was handed, unchanged."""

import torch


def attach_gradient_norm_hooks(model):
    norms, handles = {}, []

    def watch(name):
        def hook(g):
            norms[name] = g.pow(2).sum().sqrt().item()
            return g
        return hook

    for name, p in model.named_parameters():
        if p.requires_grad:
            handles.append(p.register_hook(watch(name)))
    return norms, handles


def global_norm(norms):
    total = 0.0
    for norm in norms.values():
        total += norm * norm
    return total ** 0.5


def diagnose(norms):
    values = torch.tensor([float(n) for n in norms.values()])
    if values.isnan().any() or values.isinf().any():
        return "exploding"
    first, *_, last = (norms[name] for name in norms if name.split(".")[-1] == "weight")
    return "vanishing" if first <= last / 1000 else "exploding" if first >= 1000 * last else "stable"
