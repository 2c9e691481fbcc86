"""Parameters of all other layers are frozen.

fails: init-weights
diagnosis: parameters-frozen
points: 2
"""
from torch import nn


def init_weights(module):
    if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d):
        he_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
        return
    for parameter in module.parameters(recurse=False):
        parameter.requires_grad_(False)
