"""All entries of the tensor are counted as inputs.

fails: fan-in, signal-at-depth, gradient-at-depth
diagnosis: whole-tensor
points: 6
"""
def fan_in(weight):
    if weight.dim() < 2:
        raise ValueError("no fan-in")
    return weight.numel()
