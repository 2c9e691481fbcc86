"""One handle for all parameters: a multi-grad hook, called once in each backward."""

import torch


def attach_gradient_norm_hooks(model):
    names, parameters = zip(*[(n, p) for n, p in model.named_parameters() if p.requires_grad], strict=True)
    norms = {}

    def record(gradients):
        norms.clear()
        norms.update({n: float(g.norm()) for n, g in zip(names, gradients, strict=True) if g is not None})

    return norms, [torch.autograd.graph.register_multi_grad_hook(parameters, record)]
