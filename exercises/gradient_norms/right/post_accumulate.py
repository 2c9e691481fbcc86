"""Post-accumulate hooks that subtract what `.grad` held before this backward."""

import torch


def attach_gradient_norm_hooks(model):
    norms, before, handles = {}, {}, []
    for name, p in model.named_parameters():
        if not p.requires_grad:
            continue

        def remember(g, name=name, p=p):
            before[name] = 0.0 if p.grad is None else p.grad.clone()

        def record(p, name=name):
            norms[name] = (p.grad - before.pop(name)).norm().item()

        handles += [p.register_hook(remember), p.register_post_accumulate_grad_hook(record)]
    return norms, handles
