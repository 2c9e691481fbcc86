"""The ready-made answer under its old name, imported by itself.

fails: fills-in-place, mean, variance, gaussian, independent, negative-slope, init-weights, signal-at-depth, gradient-at-depth
diagnosis: none
cause: forbidden
points: 16 (he_normal_ is the ready-made answer: nothing of it is the student's)
"""
import warnings

from torch.nn.init import kaiming_normal


def he_normal_(weight, negative_slope=0.0):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return kaiming_normal(weight, a=negative_slope)
