"""A small constant, 0.01, whatever the shape.

fails: variance, init-weights, signal-at-depth, gradient-at-depth, negative-slope
diagnosis: small-constant, negative-slope-ignored
"""
import torch


def he_normal_(weight, negative_slope=0.0):
    with torch.no_grad():
        return weight.normal_(0.0, 0.01)
