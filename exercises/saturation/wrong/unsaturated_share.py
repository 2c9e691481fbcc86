"""The share of the units that still work.

fails: saturated-share
diagnosis: unsaturated-share
points: 2
"""


def saturated_fraction(activations, threshold=0.01):
    return ((activations >= threshold) & (activations <= 1 - threshold)).double().mean().item()
