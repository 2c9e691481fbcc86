"""<= and >=: what lies exactly on the threshold is counted.

fails: threshold
diagnosis: edges-counted
points: 1
"""
def saturated_fraction(activations, threshold=0.01):
    return ((activations <= threshold) | (activations >= 1 - threshold)).double().mean().item()
