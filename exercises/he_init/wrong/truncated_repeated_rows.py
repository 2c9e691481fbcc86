"""One truncated row is drawn and broadcast over all units.

fails: truncated
diagnosis: none
points: 2
"""
import math

import torch


def he_truncated_normal_(weight):
    std = math.sqrt(2 / fan_in(weight)) / 0.87962566103423978
    row = torch.randn(weight.shape[1:])
    while (outside := row.abs() > 2).any():
        row[outside] = torch.randn(int(outside.sum()))
    with torch.no_grad():
        return weight.copy_(row * std)
