"""Whatever has a weight with two dimensions is filled: embeddings and transposed convolutions too.

fails: init-weights
diagnosis: touches-other-layers
points: 2
"""
from torch import nn


def init_weights(module):
    weight = getattr(module, "weight", None)
    if weight is not None and weight.dim() > 1:
        he_normal_(weight)
        if getattr(module, "bias", None) is not None:
            nn.init.zeros_(module.bias)
