"""The first weight is compared with the largest, not with the last.

fails: diagnose
points: 3
"""
import math


def diagnose(norms):
    if not all(math.isfinite(norm) for norm in norms.values()):
        return "exploding"
    weights = [norm for name, norm in norms.items() if name.endswith("weight")]
    if weights[0] <= 1e-3 * max(weights):
        return "vanishing"
    return "exploding" if weights[0] >= 1e3 * weights[-1] else "stable"
