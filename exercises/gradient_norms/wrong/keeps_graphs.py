"""A forward hook keeps every output, and with it every step's graph.

fails: no-leak
diagnosis: graphs-kept-alive
points: 1
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    outputs = []
    handles.append(model.register_forward_hook(lambda module, args, output: outputs.append(output)))
    for name, p in model.named_parameters():
        if p.requires_grad:
            def hook(g, name=name, outputs=outputs):
                norms[name] = g.norm().item()
            handles.append(p.register_hook(hook))
    return norms, handles
