"""The sum of the last ten is divided by 10 even where there are fewer.

fails: three-verdicts
diagnosis: always-ten
points: 1
"""
import math


def verdict(losses):
    mean = sum(losses[-10:]) / 10
    if not all(math.isfinite(loss) for loss in losses) or mean > 3:
        return "diverges"
    return "converges" if mean < 2 else "stalls"
