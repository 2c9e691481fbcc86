"""fan_in returns a float.

fails: fan-in
diagnosis: none
"""
def fan_in(weight):
    if weight.dim() < 2:
        raise ValueError("no fan-in")
    return weight.numel() / weight.shape[0]
