"""fan_in returns a float.

fails: fan-in
diagnosis: none
points: 2
"""
def fan_in(weight):
    if weight.dim() < 2:
        raise ValueError("no fan-in")
    return weight.numel() / weight.shape[0]
