"""len(activations) taken for the number of entries: it is the batch size.

fails: saturated-share
diagnosis: divided-by-batch
points: 2
"""


def saturated_fraction(activations, threshold=0.01):
    saturated = (activations < threshold) | (activations > 1 - threshold)
    return saturated.sum().item() / len(activations)
