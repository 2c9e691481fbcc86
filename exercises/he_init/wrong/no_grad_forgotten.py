"""no_grad is forgotten: plain tensors can be filled, parameters cannot.

fails: init-weights
diagnosis: no-grad-missing
cause: raised
points: 2
"""
import math


def he_normal_(weight, negative_slope=0.0):
    return weight.normal_(0.0, math.sqrt(2 / ((1 + negative_slope**2) * fan_in(weight))))
