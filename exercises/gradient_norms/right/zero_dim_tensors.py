"""Entries are tensors without dimensions; a lambda with bound names; handles in a tuple."""

import torch


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = tuple(p.register_hook(lambda g, n=n: norms.update({n: torch.linalg.vector_norm(g.detach())}))
                    for n, p in model.named_parameters() if p.requires_grad)
    return norms, handles


def global_norm(norms):
    return torch.linalg.vector_norm(torch.tensor([float(n) for n in norms.values()]))
