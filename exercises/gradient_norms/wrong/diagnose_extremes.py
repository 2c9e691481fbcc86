"""The smallest norm is compared with the largest, wherever they stand.

fails: diagnose
diagnosis: extremes-compared
points: 3
"""

import math


def diagnose(norms):
    if not all(math.isfinite(n) for n in norms.values()):
        return "exploding"
    weights = [n for name, n in norms.items() if name.endswith("weight")]
    return "vanishing" if min(weights) <= 1e-3 * max(weights) else "stable"
