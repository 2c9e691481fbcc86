"""The first and the last ratio are taken out of the dictionary.

fails: factor
diagnosis: dictionary-changed
points: 2
"""


def factor_per_layer(ratios):
    steps = len(ratios) - 1
    last = ratios.popitem()[1]
    return (last / ratios.pop(next(iter(ratios)))) ** (1 / steps)
