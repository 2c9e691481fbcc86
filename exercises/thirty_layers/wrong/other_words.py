"""Words of one's own.

fails: three-verdicts
diagnosis: none
points: 1
"""
import math


def verdict(losses):
    mean = sum(losses[-10:]) / len(losses[-10:])
    if not all(math.isfinite(loss) for loss in losses) or mean > 3:
        return "diverged"
    return "converged" if mean < 2 else "stalled"
