"""Whatever is not on a list of exceptions is filled; the list is never complete.

fails: init-weights
diagnosis: touches-other-layers
points: 2
"""
from torch import nn


def init_weights(module):
    exceptions = (nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm, nn.Embedding, nn.ConvTranspose2d)
    if getattr(module, "weight", None) is None or module.weight.dim() < 2 or isinstance(module, exceptions):
        return
    he_normal_(module.weight)
    if module.bias is not None:
        nn.init.zeros_(module.bias)
