"""shape[-1] taken for the fan-in: right for Linear alone.

fails: fan-in
diagnosis: last-dimension
points: 2
"""
def fan_in(weight):
    if weight.dim() < 2:
        raise ValueError("no fan-in")
    return weight.shape[-1]
