"""Normalisation layers are reset as well.

fails: init-weights
diagnosis: touches-other-layers
points: 2
"""
from torch import nn


def init_weights(module):
    if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d):
        he_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d) and module.affine:
        nn.init.constant_(module.weight, 1.0)
        nn.init.zeros_(module.bias)
