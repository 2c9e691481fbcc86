"""A dict of one's own that takes gradients and keeps norms."""

import torch


class Norms(dict):
    def __setitem__(self, name, gradient):
        super().__setitem__(name, float(gradient.flatten() @ gradient.flatten()) ** 0.5)


def attach_gradient_norm_hooks(model):
    norms = Norms()
    handles = []
    for name, p in model.named_parameters():
        if p.requires_grad:
            handles.append(p.register_hook(lambda g, name=name: norms.__setitem__(name, g)))
    return norms, handles
