"""The arithmetic mean of the factors from layer to layer.

fails: factor
diagnosis: arithmetic-mean
points: 2
"""


def factor_per_layer(ratios):
    values = list(ratios.values())
    return sum(b / a for a, b in zip(values, values[1:])) / (len(values) - 1)
