"""`loss == float("nan")`, which no number is.

fails: not-finite
diagnosis: nan-slips-through
points: 1
"""
def verdict(losses):
    mean = sum(losses[-10:]) / len(losses[-10:])
    if any(loss in (float("inf"), -float("inf")) or loss == float("nan") for loss in losses) or mean > 3:
        return "diverges"
    return "converges" if mean < 2 else "stalls"
