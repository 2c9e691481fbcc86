"""Numbers are drawn again only where one lies beyond three deviations: a small weight keeps its tails.

fails: truncated
diagnosis: none
points: 2
"""
import math

import torch


def he_truncated_normal_(weight):
    std = math.sqrt(2 / fan_in(weight)) / 0.87962566103423978
    with torch.no_grad():
        weight.normal_(0.0, std)
        outside = weight.abs() > 3 * std
        while outside.any():
            weight[outside] = torch.empty_like(weight[outside]).normal_(0.0, std)
            outside = weight.abs() > 2 * std
    return weight
