"""The number of saturated entries instead of their share.

fails: saturated-share
diagnosis: count-not-share
"""


def saturated_fraction(activations, threshold=0.01):
    return float(((activations < threshold) | (activations > 1 - threshold)).sum())
