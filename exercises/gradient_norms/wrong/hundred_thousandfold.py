"""A factor of a hundred thousand in place of a thousand.

fails: diagnose
points: 3
"""
import math


def diagnose(norms):
    if not all(math.isfinite(norm) for norm in norms.values()):
        return "exploding"
    weights = [norm for name, norm in norms.items() if name.endswith("weight")]
    if weights[0] <= 1e-5 * weights[-1]:
        return "vanishing"
    return "exploding" if weights[0] >= 1e5 * weights[-1] else "stable"
