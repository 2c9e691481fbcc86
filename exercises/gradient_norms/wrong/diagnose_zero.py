"""Norms of exactly zero are left out of the comparison.

fails: diagnose
diagnosis: zero-passed
points: 3
"""

import math


def diagnose(norms):
    if not all(math.isfinite(n) for n in norms.values()):
        return "exploding"
    weights = [n for name, n in norms.items() if name.endswith("weight")]
    first, last = weights[0], weights[-1]
    if 0 < first <= 1e-3 * last:
        return "vanishing"
    return "exploding" if first >= 1e3 * last > 0 else "stable"
