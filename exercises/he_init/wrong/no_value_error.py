"""Tensors with fewer than two dimensions get a fan-in too.

fails: fan-in
diagnosis: none
points: 2
"""
import math


def fan_in(weight):
    return math.prod(weight.shape[1:])
