"""The number of saturated entries instead of their share.

fails: saturated-share
diagnosis: count-not-share
points: 2
"""


def saturated_fraction(activations, threshold=0.01):
    return float(((activations < threshold) | (activations > 1 - threshold)).sum())
