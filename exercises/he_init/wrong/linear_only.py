"""Convolutions are forgotten.

fails: init-weights
diagnosis: none
"""
from torch import nn


def init_weights(module):
    if isinstance(module, nn.Linear):
        he_normal_(module.weight)
    if hasattr(module, "kernel_size") and not isinstance(module, nn.ConvTranspose2d) or isinstance(module, nn.Linear):
        if module.bias is not None:
            nn.init.zeros_(module.bias)
