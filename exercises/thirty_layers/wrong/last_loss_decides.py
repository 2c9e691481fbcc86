"""The last loss alone decides, a lucky batch or not.

fails: three-verdicts
diagnosis: last-loss-only
points: 1
"""
import math


def verdict(losses):
    if not all(math.isfinite(loss) for loss in losses) or losses[-1] > 3:
        return "diverges"
    return "converges" if losses[-1] < 2 else "stalls"
