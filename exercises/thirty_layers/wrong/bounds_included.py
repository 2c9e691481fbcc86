"""<= and >= for < and >.

fails: three-verdicts
diagnosis: bounds-included
points: 1
"""
import math


def verdict(losses):
    mean = sum(losses[-10:]) / len(losses[-10:])
    if not all(math.isfinite(loss) for loss in losses) or mean >= 3:
        return "diverges"
    return "converges" if mean <= 2 else "stalls"
