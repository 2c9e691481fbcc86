"""Words of one's own.

fails: three-verdicts, not-finite
diagnosis: none
"""
import math


def verdict(losses):
    mean = sum(losses[-10:]) / len(losses[-10:])
    if not all(math.isfinite(loss) for loss in losses) or mean > 3:
        return "diverged"
    return "converged" if mean < 2 else "stalled"
