"""The share of units that are saturated for every input, the test for "dead" units of a ReLU net.

fails: saturated-share
diagnosis: per-unit
points: 2
"""


def saturated_fraction(activations, threshold=0.01):
    saturated = (activations < threshold) | (activations > 1 - threshold)
    return saturated.all(dim=0).double().mean().item()
