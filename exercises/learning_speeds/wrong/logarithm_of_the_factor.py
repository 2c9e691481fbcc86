"""The slope in a logarithmic plot, not turned back into a factor.

fails: factor
diagnosis: logarithm-of-the-factor
points: 2
"""
import math


def factor_per_layer(ratios):
    values = list(ratios.values())
    return math.log(values[-1] / values[0]) / (len(values) - 1)
