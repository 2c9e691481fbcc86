"""(1 + exp(-z))^-2 without the inner derivative exp(-z): the chain rule forgotten.

fails: derivative
diagnosis: squared-sigmoid
points: 2
"""
import torch


def sigmoid_derivative(z):
    return 1 / (1 + torch.exp(-z)) ** 2
