"""Module by module, recursively; the dict is emptied before each forward pass by a hook with a handle."""

import math


def attach_gradient_norm_hooks(model):
    norms, handles, met = {}, [], set()

    def hang(module, prefix):
        for name, p in module.named_parameters(recurse=False):
            if p.requires_grad and p not in met:
                met.add(p)
                handles.append(p.register_hook(recording(norms, prefix + name)))
        for name, child in module.named_children():
            hang(child, f"{prefix}{name}.")

    hang(model, "")
    handles.append(model.register_forward_pre_hook(lambda module, inputs: norms.clear()))
    return norms, handles


def recording(norms, name):
    def hook(gradient):
        norms[name] = math.sqrt((gradient * gradient).sum().item())
    return hook


def global_norm(norms):
    def squares(values):
        return values[0] ** 2 + squares(values[1:]) if values else 0.0

    return math.sqrt(squares(list(norms.values())))
