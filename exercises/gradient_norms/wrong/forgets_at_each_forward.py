"""The dict is emptied by a hook on the model, which is not among the handles.

fails: removable
points: 2
"""


def attach_gradient_norm_hooks(model):
    norms = {}
    model.register_forward_pre_hook(lambda module, inputs: norms.clear())

    def hook_for(name):
        def hook(gradient):
            norms[name] = gradient.norm().item()
        return hook

    handles = [p.register_hook(hook_for(name)) for name, p in model.named_parameters() if p.requires_grad]
    return norms, handles
