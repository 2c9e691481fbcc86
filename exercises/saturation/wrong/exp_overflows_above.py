"""exp(z) / (1 + exp(z))^2: inf / inf for z = 100 in float32.

fails: derivative-far-out
diagnosis: overflow
points: 1
"""
import torch


def sigmoid_derivative(z):
    return torch.exp(z) / (1 + torch.exp(z)) ** 2
