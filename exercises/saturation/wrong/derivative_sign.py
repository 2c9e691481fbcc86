"""The inner derivative's sign is lost, so the whole comes out negative.

fails: derivative
diagnosis: wrong-sign
"""
import torch


def sigmoid_derivative(z):
    return -torch.exp(-z) / (1 + torch.exp(-z)) ** 2
