"""Only units near 1 count as saturated.

fails: saturated-share
diagnosis: one-side-only
points: 2
"""


def saturated_fraction(activations, threshold=0.01):
    return (activations > 1 - threshold).double().mean().item()
