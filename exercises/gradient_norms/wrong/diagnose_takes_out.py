"""What is no weight is taken out of the dict.

fails: diagnose
diagnosis: dict-changed
points: 3
"""

import math


def diagnose(norms):
    if not all(math.isfinite(n) for n in norms.values()):
        return "exploding"
    for name in [name for name in norms if not name.endswith("weight")]:
        del norms[name]
    weights = list(norms.values())
    first, last = weights[0], weights[-1]
    if first <= 1e-3 * last:
        return "vanishing"
    return "exploding" if first >= 1e3 * last else "stable"
