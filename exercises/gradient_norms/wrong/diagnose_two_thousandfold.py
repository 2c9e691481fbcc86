"""A factor of two thousand in place of a thousand.

fails: diagnose
diagnosis: none
points: 3
"""
import math


def diagnose(norms):
    if not all(math.isfinite(norm) for norm in norms.values()):
        return "exploding"
    weights = [norm for name, norm in norms.items() if name.endswith("weight")]
    if weights[0] <= weights[-1] / 2000:
        return "vanishing"
    return "exploding" if weights[0] >= 2000 * weights[-1] else "stable"
