"""Layers without a bias are not thought of.

fails: init-weights
diagnosis: bias-is-none
cause: raised
points: 2
"""
from torch import nn


def init_weights(module):
    if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d):
        he_normal_(module.weight)
        nn.init.zeros_(module.bias)
