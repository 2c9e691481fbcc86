"""The best loss of the run, as for a checkpoint.

fails: three-verdicts
diagnosis: lowest-loss
points: 1
"""
import math


def verdict(losses):
    if not all(math.isfinite(loss) for loss in losses) or min(losses) > 3:
        return "diverges"
    return "converges" if min(losses) < 2 else "stalls"
