"""Fills in place, returns None."""
import math

import torch


@torch.no_grad()
def he_normal_(weight, negative_slope=0.0):
    weight.normal_(std=math.sqrt(2.0 / (1.0 + negative_slope**2) / fan_in(weight)))


@torch.no_grad()
def he_truncated_normal_(weight):
    std = math.sqrt(2 / fan_in(weight)) / 0.87962566103423978
    weight.normal_(0.0, std)
    while (weight.abs() > 2 * std).any():
        weight.copy_(torch.where(weight.abs() > 2 * std, torch.randn_like(weight) * std, weight))
