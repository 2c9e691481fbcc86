"""The median of the last ten losses.

fails: three-verdicts
points: 1
"""
import math


def verdict(losses):
    if not all(map(math.isfinite, losses)):
        return "diverges"
    mean = sorted(losses[-10:])[len(losses[-10:]) // 2]
    return "converges" if mean < 2 else "diverges" if mean > 3 else "stalls"
