"""So that the exponential does not overflow, z itself is clamped: far out, the caller's z is another one.

fails: derivative-far-out
diagnosis: input-changed
points: 1
"""
import torch


def sigmoid_derivative(z):
    z.clamp_(-80, 80)
    return 1 / (2 + torch.exp(z) + torch.exp(-z))
