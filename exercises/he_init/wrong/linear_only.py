"""Convolutions are forgotten.

fails: init-weights
diagnosis: none
points: 2
"""
from torch import nn


def init_weights(module):
    if isinstance(module, nn.Linear):
        he_normal_(module.weight)
    if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d):
        if module.bias is not None:
            nn.init.zeros_(module.bias)
