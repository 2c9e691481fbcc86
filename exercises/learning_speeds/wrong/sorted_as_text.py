"""The names are sorted as text: "10" before "2".

fails: factor
diagnosis: sorted-as-text
points: 2
"""


def factor_per_layer(ratios):
    names = sorted(ratios)
    return (ratios[names[-1]] / ratios[names[0]]) ** (1 / (len(names) - 1))
