"""The factor from the first layer to the last, without a root.

fails: factor
diagnosis: whole-factor
"""


def factor_per_layer(ratios):
    values = list(ratios.values())
    return values[-1] / values[0]
