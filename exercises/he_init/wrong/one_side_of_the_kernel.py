"""One side of the kernel only is counted: right for Linear and Conv1d.

fails: fan-in
diagnosis: receptive-field-ignored
points: 2
"""
import math


def fan_in(weight):
    if weight.dim() < 2:
        raise ValueError("no fan-in")
    return math.prod(weight.shape[1:3])
