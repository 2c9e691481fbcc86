"""A shared weight goes by the last of its names.

fails: tied
diagnosis: none
points: 1
"""


def attach_gradient_norm_hooks(model):
    names = {p: name for name, p in model.named_parameters(remove_duplicate=False) if p.requires_grad}
    norms = {}

    def record(name):
        return lambda g: norms.__setitem__(name, g.norm().item())

    return norms, [p.register_hook(record(name)) for p, name in names.items()]
