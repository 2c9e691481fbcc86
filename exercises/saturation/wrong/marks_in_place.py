"""The caller's activations are overwritten by marks.

fails: saturated-share
diagnosis: input-changed
points: 2
"""
def saturated_fraction(activations, threshold=0.01):
    activations[activations < threshold] = 2.0
    activations[activations > 1 - threshold] = 2.0
    return (activations == 2.0).double().mean().item()
