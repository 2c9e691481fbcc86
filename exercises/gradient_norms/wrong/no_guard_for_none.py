"""One hook for all parameters, which is handed None for those that took no part.

fails: each-backward, frozen
diagnosis: gradient-is-none
points: 3
"""

import torch


def attach_gradient_norm_hooks(model):
    names, parameters = zip(*[(n, p) for n, p in model.named_parameters() if p.requires_grad], strict=True)
    norms = {}

    def record(gradients):
        norms.update({n: g.norm().item() for n, g in zip(names, gradients, strict=True)})

    return norms, [torch.autograd.graph.register_multi_grad_hook(parameters, record)]
