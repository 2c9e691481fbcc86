"""A factor of a hundred in place of a thousand.

fails: diagnose
points: 3
"""
import math


def diagnose(norms):
    if not all(math.isfinite(norm) for norm in norms.values()):
        return "exploding"
    weights = [norm for name, norm in norms.items() if name.endswith("weight")]
    if weights[0] <= 1e-2 * weights[-1]:
        return "vanishing"
    return "exploding" if weights[0] >= 1e2 * weights[-1] else "stable"
