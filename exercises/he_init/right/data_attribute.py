"""Through .data, as in older code; every kind of layer by its name."""
import torch


def fan_in(weight):
    if weight.ndim < 2:
        raise ValueError("weight has no fan-in")
    count = weight.size(1)
    for side in weight.shape[2:]:
        count *= side
    return count


def he_normal_(weight, negative_slope=0.0):
    weight.data = torch.randn(weight.shape) * (2 / ((1 + negative_slope**2) * fan_in(weight))) ** 0.5
    return weight


def init_weights(module):
    if type(module).__name__ in ("Linear", "Conv1d", "Conv2d", "Conv3d"):
        module.weight.data = he_normal_(module.weight.data)
        if module.bias is not None:
            module.bias.data.fill_(0)
