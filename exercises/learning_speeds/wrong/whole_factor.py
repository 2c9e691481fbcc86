"""The factor from the first layer to the last, without a root.

fails: factor
diagnosis: whole-factor
points: 2
"""


def factor_per_layer(ratios):
    values = list(ratios.values())
    return values[-1] / values[0]
