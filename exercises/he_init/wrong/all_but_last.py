"""shape[:-1], as Keras lays weights out: (..., inputs, outputs).

fails: fan-in
diagnosis: all-but-last
points: 2
"""
import math


def fan_in(weight):
    if weight.dim() < 2:
        raise ValueError("no fan-in")
    return math.prod(weight.shape[:-1])
