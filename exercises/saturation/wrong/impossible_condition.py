"""`and` where `or` is meant: no entry is both below the threshold and above 1 - threshold.

fails: saturated-share
diagnosis: impossible-condition
points: 2
"""


def saturated_fraction(activations, threshold=0.01):
    return ((activations < threshold) & (activations > 1 - threshold)).double().mean().item()
