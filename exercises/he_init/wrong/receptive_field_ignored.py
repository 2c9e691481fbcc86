"""shape[1] is taken for the fan-in of convolutions too.

fails: fan-in, variance, truncated, init-weights
diagnosis: receptive-field-ignored
"""
def fan_in(weight):
    if weight.dim() < 2:
        raise ValueError("no fan-in")
    return weight.shape[1]
