"""The mean is rounded to two digits before it is compared.

fails: three-verdicts
diagnosis: none
points: 1
"""
import math


def verdict(losses):
    last = losses[-10:]
    mean = round(sum(last) / len(last), 2)
    if not all(math.isfinite(loss) for loss in losses) or mean > 3:
        return "diverges"
    return "converges" if mean < 2 else "stalls"
