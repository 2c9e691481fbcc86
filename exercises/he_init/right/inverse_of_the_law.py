"""torch.normal, and truncation by the inverse of the distribution function."""
import math

import torch


def he_normal_(weight, negative_slope=0.0):
    std = (2 / (1 + negative_slope**2) / fan_in(weight)) ** 0.5
    with torch.no_grad():
        weight.copy_(torch.normal(mean=torch.zeros(weight.shape), std=std))
    return weight.detach()


def he_truncated_normal_(weight):
    std = math.sqrt(2 / fan_in(weight)) / 0.87962566103423978
    reach = math.erf(2 / math.sqrt(2))
    with torch.no_grad():
        weight.uniform_(-reach, reach).erfinv_().mul_(math.sqrt(2) * std).clamp_(-2 * std, 2 * std)
    return weight
