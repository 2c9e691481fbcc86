"""The mean difference from layer to layer.

fails: factor
diagnosis: slope
points: 2
"""


def factor_per_layer(ratios):
    values = list(ratios.values())
    return (values[-1] - values[0]) / (len(values) - 1)
