"""The n-th root, with n layers: there are n - 1 steps between them.

fails: factor
diagnosis: layers-for-steps
points: 2
"""


def factor_per_layer(ratios):
    values = list(ratios.values())
    return (values[-1] / values[0]) ** (1 / len(values))
