"""1 - s^2, remembered from tanh, used with the sigmoid.

fails: derivative
diagnosis: tanh-formula
points: 2
"""
import torch


def sigmoid_derivative(z):
    s = torch.sigmoid(z)
    return 1 - s ** 2
