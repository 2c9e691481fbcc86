"""shape[1] is taken for the fan-in of convolutions too.

fails: fan-in
diagnosis: receptive-field-ignored
points: 2
"""
def fan_in(weight):
    if weight.dim() < 2:
        raise ValueError("no fan-in")
    return weight.shape[1]
