"""Every module is put into training mode.

fails: init-weights
diagnosis: none
points: 2
"""
from torch import nn


def init_weights(module):
    module.train()
    if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d):
        he_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
