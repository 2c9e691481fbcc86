"""A small constant, 0.01, whatever the shape.

fails: variance, negative-slope, signal-at-depth, gradient-at-depth
diagnosis: small-constant, negative-slope-ignored
points: 9 (width and slope are wrong, and the net of 30 layers is what the width is for)
"""
import torch


def he_normal_(weight, negative_slope=0.0):
    with torch.no_grad():
        return weight.normal_(0.0, 0.01)
