"""The mean of the last five losses.

fails: three-verdicts
points: 1
"""
import math


def verdict(losses):
    if not all(map(math.isfinite, losses)):
        return "diverges"
    mean = sum(losses[-5:]) / len(losses[-5:])
    return "converges" if mean < 2 else "diverges" if mean > 3 else "stalls"
