"""A net that has had hooks once gets no others.

fails: removable
diagnosis: none
points: 2
"""


def attach_gradient_norm_hooks(model):
    if hasattr(model, "watched"):
        return model.watched
    norms = {}

    def record(name):
        return lambda g: norms.__setitem__(name, g.norm().item())

    model.watched = norms, [p.register_hook(record(n)) for n, p in model.named_parameters() if p.requires_grad]
    return model.watched
