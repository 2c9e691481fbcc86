"""Entries are tensors, and the total is made for tensors; the diagnosis by match."""

import math

import torch


def attach_gradient_norm_hooks(model):
    norms = {}

    def watch(name):
        def hook(g):
            norms[name] = g.detach().square().sum().sqrt()
        return hook

    return norms, [p.register_hook(watch(name)) for name, p in model.named_parameters() if p.requires_grad]


def global_norm(norms):
    return torch.stack(list(norms.values())).norm()


def diagnose(norms):
    weights = [norms[name] for name in norms if name.endswith(".weight")]
    match weights[0], weights[-1]:
        case _ if any(math.isnan(n) or math.isinf(n) for n in norms.values()):
            return "exploding"
        case first, last if first <= last * 1e-3:
            return "vanishing"
        case first, last if first >= last * 1e3:
            return "exploding"
    return "stable"
