"""Names are taken that contain `weight` anywhere.

fails: diagnose
diagnosis: name-contains-weight
points: 3
"""

import math


def diagnose(norms):
    if not all(math.isfinite(n) for n in norms.values()):
        return "exploding"
    weights = [n for name, n in norms.items() if "weight" in name]
    first, last = weights[0], weights[-1]
    if first <= 1e-3 * last:
        return "vanishing"
    return "exploding" if first >= 1e3 * last else "stable"
