"""The biases are made a matrix so that he_normal_ takes them.

fails: init-weights
diagnosis: bias-not-zero
points: 2
"""
from torch import nn


def init_weights(module):
    if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d):
        he_normal_(module.weight)
        if module.bias is not None:
            he_normal_(module.bias.data.unsqueeze(0))
