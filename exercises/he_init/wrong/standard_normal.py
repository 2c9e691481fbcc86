"""N(0, 1), not scaled at all.

fails: variance, init-weights, signal-at-depth, gradient-at-depth, negative-slope
diagnosis: standard-normal, negative-slope-ignored
"""
import torch


def he_normal_(weight, negative_slope=0.0):
    with torch.no_grad():
        return weight.normal_()
