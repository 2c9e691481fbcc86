"""Names in alphabetical order, parameters in the order of the net.

fails: norms
diagnosis: misaligned
points: 5
"""


def attach_gradient_norm_hooks(model):
    named = {name: p for name, p in model.named_parameters() if p.requires_grad}
    norms = {}

    def record(name):
        return lambda g: norms.__setitem__(name, g.norm().item())

    return norms, [p.register_hook(record(name)) for name, p in zip(sorted(named), named.values(), strict=True)]
