"""One side of the kernel only is counted: right for Linear and Conv1d.

fails: fan-in, variance, truncated, init-weights
diagnosis: receptive-field-ignored
"""
import math


def fan_in(weight):
    if weight.dim() < 2:
        raise ValueError("no fan-in")
    return math.prod(weight.shape[1:3])
