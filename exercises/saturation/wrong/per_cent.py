"""The share in per cent.

fails: saturated-share
diagnosis: per-cent
points: 2
"""


def saturated_fraction(activations, threshold=0.01):
    saturated = (activations < threshold) | (activations > 1 - threshold)
    return 100 * saturated.double().mean().item()
