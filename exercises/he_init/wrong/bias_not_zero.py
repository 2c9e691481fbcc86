"""The biases are left as PyTorch drew them.

fails: init-weights
diagnosis: bias-not-zero
points: 2
"""
from torch import nn


def init_weights(module):
    if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d):
        he_normal_(module.weight)
