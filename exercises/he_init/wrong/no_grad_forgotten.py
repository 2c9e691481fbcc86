"""no_grad is forgotten: plain tensors can be filled, parameters cannot.

fails: init-weights
diagnosis: none
cause: raised
"""
import math


def he_normal_(weight, negative_slope=0.0):
    return weight.normal_(0.0, math.sqrt(2 / ((1 + negative_slope**2) * fan_in(weight))))
