"""All entries of the tensor are counted as inputs.

fails: fan-in, truncated, variance, init-weights, signal-at-depth, gradient-at-depth
diagnosis: whole-tensor
"""
def fan_in(weight):
    if weight.dim() < 2:
        raise ValueError("no fan-in")
    return weight.numel()
