"""first / last, where both may be zero.

fails: diagnose
diagnosis: divided-by-zero
cause: raised
points: 3
"""

import math


def diagnose(norms):
    if not all(math.isfinite(n) for n in norms.values()):
        return "exploding"
    weights = [n for name, n in norms.items() if name.endswith("weight")]
    ratio = weights[0] / weights[-1]
    if ratio <= 1e-3:
        return "vanishing"
    return "exploding" if ratio >= 1e3 else "stable"
