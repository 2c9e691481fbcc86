"""Converged is what ends lower than it began; there is no word of chance.

fails: three-verdicts
diagnosis: lower-than-first
points: 1
"""
import math


def verdict(losses):
    if not all(math.isfinite(loss) for loss in losses) or losses[-1] > 1.2 * losses[0]:
        return "diverges"
    return "converges" if losses[-1] < 0.8 * losses[0] else "stalls"
