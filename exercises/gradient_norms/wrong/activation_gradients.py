"""Module backward hooks are handed the gradient of the layer's output, not of its weight
(HSI_domain_adaptation, Megatron-DeepSpeed's DebugGradientNorm).

fails: names, norms
diagnosis: activation-gradients, module-names
points: 6
"""

import torch


def attach_gradient_norm_hooks(model):
    norms = {}
    handles = []
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear):
            def hook(module, grad_input, grad_output, name=name):
                norms[name] = grad_output[0].norm().item()
            handles.append(module.register_full_backward_hook(hook))
    return norms, handles
