"""The variance 2 / fan_in is handed to normal_ as a standard deviation.

fails: variance, init-weights, signal-at-depth, gradient-at-depth, negative-slope
diagnosis: variance-as-std
"""
import torch


def he_normal_(weight, negative_slope=0.0):
    std = 2 / ((1 + negative_slope**2) * fan_in(weight))
    with torch.no_grad():
        return weight.normal_(0.0, std)
