"""One expression each."""

import math


def attach_gradient_norm_hooks(model):
    return (norms := {}), [p.register_hook(lambda g, n=n: norms.update({n: g.norm().item()}))
                           for n, p in model.named_parameters() if p.requires_grad]


def global_norm(norms):
    return math.hypot(*norms.values())


def diagnose(norms):
    return (lambda w: "exploding" if not all(map(math.isfinite, norms.values())) or w[-1] * 1e3 <= w[0] > 0
            else "vanishing" if w[0] <= w[-1] * 1e-3 else "stable")([
                n for k, n in norms.items() if k[-6:] == "weight"])
