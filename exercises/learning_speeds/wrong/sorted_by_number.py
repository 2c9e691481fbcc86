"""The layers are sorted by the numbers in their names, as if these were the model's order.

fails: factor
diagnosis: none
points: 2
"""
import re


def factor_per_layer(ratios):
    names = sorted(ratios, key=lambda name: re.sub(r"\d+", lambda found: found.group().zfill(6), name))
    return (ratios[names[-1]] / ratios[names[0]]) ** (1 / (len(names) - 1))
