"""The variance 2 / fan_in is handed to normal_ as a standard deviation.

fails: variance, signal-at-depth, gradient-at-depth
diagnosis: variance-as-std
points: 8 (the net of 30 layers, 4 of these points, is what the width is for)
"""
import torch


def he_normal_(weight, negative_slope=0.0):
    std = 2 / ((1 + negative_slope**2) * fan_in(weight))
    with torch.no_grad():
        return weight.normal_(0.0, std)
