"""The sigmoid is returned in place of its derivative.

fails: derivative
diagnosis: sigmoid-itself
points: 2
"""
import torch


def sigmoid_derivative(z):
    return torch.sigmoid(z)
