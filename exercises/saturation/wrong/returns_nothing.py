"""The functions print their results and return None.

fails: derivative, derivative-far-out, saturated-share, threshold, profile, tiny-gradients, any-activation, leaves-the-model-alone, remedy-net, remedy-is-level
diagnosis: none
points: 15 (nothing can be looked at: no function returns anything)
"""
import torch
from torch import nn


def sigmoid_derivative(z):
    print(torch.sigmoid(z) * (1 - torch.sigmoid(z)))


def saturated_fraction(activations, threshold=0.01):
    print(((activations < threshold) | (activations > 1 - threshold)).float().mean())


def gradient_profile(model, x, loss_fn):
    print(loss_fn(model(x)))


def remedy(depth, width):
    print(nn.Sequential(nn.Linear(width, width), nn.ReLU()))
