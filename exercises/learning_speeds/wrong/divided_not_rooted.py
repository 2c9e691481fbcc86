"""The whole factor is divided by the number of steps.

fails: factor
diagnosis: divided-not-rooted
points: 2
"""


def factor_per_layer(ratios):
    values = list(ratios.values())
    return values[-1] / values[0] / (len(values) - 1)
