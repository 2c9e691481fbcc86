"""The derivative a (1 - a) is held against the threshold: nearly the same at 0.01, another number at 0.2.

fails: threshold
diagnosis: threshold-on-derivative
points: 1
"""


def saturated_fraction(activations, threshold=0.01):
    return (activations * (1 - activations) < threshold).double().mean().item()
