"""All calls share one list of handles, in which those of other nets stand too.

fails: removable
diagnosis: none
points: 2
"""

HANDLES = []


def attach_gradient_norm_hooks(model):
    norms = {}

    def record(name):
        return lambda g: norms.__setitem__(name, g.norm().item())

    HANDLES.extend(p.register_hook(record(n)) for n, p in model.named_parameters() if p.requires_grad)
    return norms, HANDLES
