"""NumPy: the norm of the flat gradient, a total by hypot, the diagnosis on an array."""

import functools

import numpy as np


def attach_gradient_norm_hooks(model):
    norms = {}

    def record(name, gradient):
        norms[name] = float(np.linalg.norm(gradient.detach().cpu().numpy().ravel()))

    handles = [p.register_hook(functools.partial(record, name))
               for name, p in model.named_parameters() if p.requires_grad]
    return norms, handles


def global_norm(norms):
    return np.hypot.reduce(list(norms.values()))


def diagnose(norms):
    names, values = list(norms), np.array(list(norms.values()))
    first, *_, last = values[[name.endswith("weight") for name in names]]
    if not np.isfinite(values).all():
        return "exploding"
    return str(np.select([first <= 1e-3 * last, first >= 1e3 * last], ["vanishing", "exploding"], "stable"))
