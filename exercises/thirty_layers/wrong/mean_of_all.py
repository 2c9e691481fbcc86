"""The mean over the whole run.

fails: three-verdicts
diagnosis: whole-run
points: 1
"""
import math


def verdict(losses):
    mean = sum(losses) / len(losses)
    if not math.isfinite(mean) or mean > 3:
        return "diverges"
    return "converges" if mean < 2 else "stalls"
