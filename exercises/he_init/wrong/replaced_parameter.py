"""The parameter is replaced by a new one: an optimizer made before keeps the old one.

fails: init-weights
diagnosis: parameter-replaced
points: 2
"""
import torch
from torch import nn


def init_weights(module):
    if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d):
        module.weight = nn.Parameter(he_normal_(torch.empty(module.weight.shape)))
        if module.bias is not None:
            module.bias = nn.Parameter(torch.zeros(module.bias.shape))
