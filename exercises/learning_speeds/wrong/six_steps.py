"""Six steps from the first layer to the last, as in the picture's nets.

fails: factor
diagnosis: none
points: 2
"""


def factor_per_layer(ratios):
    values = list(ratios.values())
    return (values[-1] / values[0]) ** (1 / 6)
