"""0.01 is written into the body, so the argument has no effect.

fails: threshold
diagnosis: threshold-ignored
points: 1
"""


def saturated_fraction(activations, threshold=0.01):
    return ((activations < 0.01) | (activations > 0.99)).double().mean().item()
