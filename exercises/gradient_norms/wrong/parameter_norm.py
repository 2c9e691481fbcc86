"""A post-accumulate hook is handed the parameter; its norm is recorded in place of the gradient's
(pytorch#187268, picotron#39).

fails: norms
diagnosis: parameter-norm
points: 5
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    for name, p in model.named_parameters():
        if p.requires_grad:
            def hook(grad, name=name):
                norms[name] = grad.norm().item()
            handles.append(p.register_post_accumulate_grad_hook(hook))
    return norms, handles
