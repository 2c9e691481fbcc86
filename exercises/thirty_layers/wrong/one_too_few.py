"""The last loss is left out.

fails: three-verdicts
points: 1
"""
import math


def verdict(losses):
    if not all(map(math.isfinite, losses)):
        return "diverges"
    mean = sum(losses[-10:-1] or losses) / len(losses[-10:-1] or losses)
    return "converges" if mean < 2 else "diverges" if mean > 3 else "stalls"
