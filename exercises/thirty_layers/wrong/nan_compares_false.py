"""No look at NaN: mean > 3 is False, mean < 2 is False, so the run "stalls".

fails: not-finite
diagnosis: nan-slips-through
points: 1
"""
def verdict(losses):
    mean = sum(losses[-10:]) / len(losses[-10:])
    if mean > 3:
        return "diverges"
    return "converges" if mean < 2 else "stalls"
