"""The inner derivative's sign is lost, so the whole comes out negative.

fails: derivative, derivative-far-out
diagnosis: wrong-sign, overflow
points: 3
"""
import torch


def sigmoid_derivative(z):
    return -torch.exp(-z) / (1 + torch.exp(-z)) ** 2
