"""A second call for the same net goes on with the first one's dict.

fails: removable
diagnosis: one-dict-for-all
points: 2
"""

import weakref

KNOWN = weakref.WeakKeyDictionary()


def attach_gradient_norm_hooks(model):
    norms = KNOWN.setdefault(model, {})

    def record(name):
        return lambda g: norms.__setitem__(name, g.norm().item())

    return norms, [p.register_hook(record(n)) for n, p in model.named_parameters() if p.requires_grad]
