"""From the smallest to the largest, whichever layers these are.

fails: factor
diagnosis: largest-by-smallest
points: 2
"""


def factor_per_layer(ratios):
    values = list(ratios.values())
    return (max(values) / min(values)) ** (1 / (len(values) - 1))
