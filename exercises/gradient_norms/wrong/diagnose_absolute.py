"""Norms are compared with fixed numbers instead of with each other.

fails: diagnose
diagnosis: absolute-size
points: 3
"""

import math


def diagnose(norms):
    if not all(math.isfinite(n) for n in norms.values()):
        return "exploding"
    weights = [n for name, n in norms.items() if name.endswith("weight")]
    if min(weights) < 1e-6:
        return "vanishing"
    return "exploding" if max(weights) > 1e3 else "stable"
