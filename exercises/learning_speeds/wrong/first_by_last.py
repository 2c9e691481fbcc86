"""How much slower each layer is.

fails: factor
diagnosis: first-by-last
points: 2
"""


def factor_per_layer(ratios):
    values = list(ratios.values())
    return (values[0] / values[-1]) ** (1 / (len(values) - 1))
