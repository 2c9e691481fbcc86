"""Other words than the three of the rule.

fails: diagnose
diagnosis: spelled-otherwise
points: 3
"""

import math


def diagnose(norms):
    if not all(math.isfinite(n) for n in norms.values()):
        return "Exploding"
    weights = [n for name, n in norms.items() if name.endswith("weight")]
    first, last = weights[0], weights[-1]
    if first <= 1e-3 * last:
        return "Vanishing"
    return "Exploding" if first >= 1e3 * last else "Stable"
