"""The ready-made answer is called.

fails: fills-in-place, mean, variance, gaussian, independent, negative-slope, init-weights, signal-at-depth, gradient-at-depth
diagnosis: none
cause: forbidden
points: 16 (he_normal_ is the ready-made answer: nothing of it is the student's)
"""
from torch import nn


def he_normal_(weight, negative_slope=0.0):
    return nn.init.kaiming_normal_(weight, a=negative_slope)
