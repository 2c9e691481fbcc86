"""Hooks on the AccumulateGrad nodes, which the parameter itself does not keep alive: the model does."""

import torch


def attach_gradient_norm_hooks(model):
    norms, handles, nodes = {}, [], []
    for name, p in model.named_parameters():
        if p.requires_grad:
            node = p.expand_as(p).grad_fn.next_functions[0][0]
            nodes.append(node)

            def prehook(grads, name=name):
                norms[name] = grads[0].norm().item()
            handles.append(node.register_prehook(prehook))
    model._watched_nodes = nodes
    return norms, handles
