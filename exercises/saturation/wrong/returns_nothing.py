"""The functions print their results and return None.

fails: derivative, saturated-share, profile, remedy-net
diagnosis: none
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
