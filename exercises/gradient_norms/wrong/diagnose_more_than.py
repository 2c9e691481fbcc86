"""More than a thousandfold, where the rule says a thousandfold.

fails: diagnose
diagnosis: none
points: 3
"""

import math


def diagnose(norms):
    if not all(math.isfinite(n) for n in norms.values()):
        return "exploding"
    weights = [n for name, n in norms.items() if name.endswith("weight")]
    first, last = weights[0], weights[-1]
    if first <= 1e-3 * last:
        return "vanishing"
    return "exploding" if first > 1e3 * last else "stable"
