"""torch.func for the derivative; a zero added to each pre-activation whose gradient is dL/dz; one-liners."""
from itertools import chain

import torch
import torch.nn.functional as F
from torch import nn
from torch.func import grad, vmap


def sigmoid_derivative(z):
    return vmap(grad(torch.sigmoid))(z.reshape(-1)).reshape(z.shape)


saturated_fraction = lambda activations, threshold=0.01: (
    1 - ((activations >= threshold) & (activations <= 1 - threshold)).sum().item() / activations.numel())


def gradient_profile(model, x, loss_fn):
    def run(*zeros):
        a, left = x, iter(zeros)
        for layer in model:
            a = layer(a)
            if isinstance(layer, nn.Linear) and layer is not last:
                a = a + next(left)
        return loss_fn(a)

    linear = [layer for layer in model if hasattr(layer, "in_features")]
    last = linear[-1]
    zeros = [x.new_zeros(len(x), layer.out_features).requires_grad_() for layer in linear[:-1]]
    run(*zeros).backward(inputs=zeros)
    return [F.mse_loss(2 * z.grad.double(), z.grad.double(), reduction="sum").sqrt() for z in zeros]


def he(layer):
    nn.init.uniform_(layer.weight, -(6 / layer.in_features) ** 0.5, (6 / layer.in_features) ** 0.5)
    return layer


remedy = lambda depth, width: nn.Sequential(
    *chain.from_iterable((he(nn.Linear(width, width)), nn.ReLU()) for _ in range(depth)), nn.Linear(width, 1))
