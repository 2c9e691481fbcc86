"""Experiments beside the student's functions: nets are built here from the weights that were sent in."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn


class PiecewiseLinear(nn.Module):
    """An activation of our own, z or 0.3 z: no linear layer, whatever its name begins or ends with."""

    def forward(self, z: Tensor) -> Tensor:
        return torch.where(z > 0, z, 0.3 * z)


ACTIVATIONS: dict[str, type[nn.Module]] = {
    "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU, "bent": PiecewiseLinear}


def fraction(namespace: Mapping[str, Any], z: Tensor, **options: Any) -> Any:
    """The student's saturated fraction of the sigmoids of z + 1, rounded to twentieths: none sits on an
    edge."""
    return namespace["saturated_fraction"](torch.sigmoid(torch.round(20 * (z + 1)) / 20), **options)


def profile(namespace: Mapping[str, Any], weights: Sequence[Tensor], biases: Sequence[Tensor],
            activations: Sequence[str], x: Tensor, target: Tensor) -> Any:
    """The student's profile of a net with these weights, under the mean squared error."""
    model = net(weights, biases, activations)
    return namespace["gradient_profile"](model, x, lambda output: ((output - target) ** 2).mean())


def profile_twice(namespace: Mapping[str, Any], weights: Sequence[Tensor], biases: Sequence[Tensor],
                  activations: Sequence[str], x: Tensor, target: Tensor) -> dict[str, Any]:
    """Two profiles of one net and a third for -2 x, and what the net looks like afterwards."""
    model = net(weights, biases, activations)
    model[1].eval()
    modes, before = [m.training for m in model.modules()], hooks_of_all()

    def loss(output: Tensor) -> Tensor:
        return ((output - target) ** 2).mean()

    # copied: the next call may change what the last one gave
    first, second, other = [copy.copy(namespace["gradient_profile"](model, inputs, loss))
                            for inputs in (x, x, -2 * x)]
    parameters = list(model.parameters())
    return {"first": first, "second": second, "other": other, "x": x.detach(),
            "parameters": [p.detach() for p in parameters],
            "hooks": sum(hooks(m) for m in model.modules()) + sum(map(tensor_hooks, parameters))
            + hooks_of_all() - before,
            "modes": [m.training for m in model.modules()] == modes,
            "trainable": all(p.requires_grad for p in parameters)}


def seeded(namespace: Mapping[str, Any]) -> dict[str, Any]:
    """What torch draws after a call, from three seeds of which the first two are one; and the first weight of
    the first net and of the last."""
    after, weights = [], []
    for seed in (11, 11, 12):
        torch.manual_seed(seed)
        model = namespace["remedy"](2, 8)
        after.append(torch.rand(4, dtype=torch.float32, device="cpu"))
        modules = model.modules() if isinstance(model, nn.Module) else ()
        weights += [m.weight.detach().clone() for m in modules
                    if isinstance(m, nn.Linear) and m.out_features > 1][:1]
    return {"after": after, "weights": weights[::2]}


def remedied(namespace: Mapping[str, Any], depth: int, width: int, x: Tensor, *,
             coarse: bool = False) -> dict[str, Any]:
    """What the student's net computes, and the weights and biases of its linear layers, in the order of their
    use. `coarse`: the weights rounded.

    `mirrored` is what it computes with the last layer's sign turned: a ReLU on the output shows in one of the
    two.
    """
    model = namespace["remedy"](depth, width)
    if not isinstance(model, nn.Module):
        return {"kind": type(model).__name__}
    model.train()
    linear = in_order_of_use(model, x)
    found: dict[str, Any] = {
             "weights": [rounded(m.weight.detach()) if coarse else m.weight.detach().clone() for m in linear],
             "biases": [torch.zeros(m.out_features) if m.bias is None else m.bias.detach().clone()
                        for m in linear]}
    found["trainable"] = all(p.requires_grad for m in linear for p in m.parameters())
    with torch.no_grad():
        output = model(x)
        for parameter in linear[-1].parameters() if linear else ():
            parameter.neg_()
        return {**found, "output": output, "mirrored": model(x)}


def rounded(weight: Tensor) -> Tensor:
    """To three binary digits, which is off by 6 % at most, now up, now down: a level profile stays level. It
    takes a sixth of the room."""
    digits, exponent = torch.frexp(weight.float())
    return torch.ldexp((8 * digits).round() / 8, exponent).bfloat16()


def in_order_of_use(model: nn.Module, x: Tensor) -> list[nn.Linear]:
    """The linear layers as the input meets them; as they were defined where not each of them is met."""
    defined = [m for m in model.modules() if isinstance(m, nn.Linear)]
    met: list[nn.Module] = []
    handles = [m.register_forward_pre_hook(lambda m, _: met.append(m)) for m in defined]
    with torch.no_grad():
        model(x)
    for handle in handles:
        handle.remove()
    return sorted(defined, key=met.index) if set(met) == set(defined) else defined


def net(weights: Sequence[Tensor], biases: Sequence[Tensor], activations: Sequence[str]) -> nn.Sequential:
    """A net of nn.Linear layers with these weights, an activation after each but the last."""
    layers: list[nn.Module] = []
    for weight, bias, activation in zip(weights, biases, [*activations, None], strict=True):
        linear = nn.Linear(weight.shape[1], weight.shape[0], dtype=weight.dtype)
        with torch.no_grad():
            linear.weight.copy_(weight)
            linear.bias.copy_(bias)
        layers += [linear, ACTIVATIONS[activation]()] if activation else [linear]
    return nn.Sequential(*layers)


def tensor_hooks(parameter: nn.Parameter) -> int:
    """How many hooks hang on a parameter."""
    return len(parameter._backward_hooks or ()) + len(parameter._post_accumulate_grad_hooks or ())


def hooks(module: nn.Module) -> int:
    """How many hooks hang on a module."""
    return sum(len(getattr(module, name)) for name in
               ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks"))


def hooks_of_all() -> int:
    """How many hooks hang on all modules at once."""
    every = torch.nn.modules.module
    return sum(len(getattr(every, name, ())) for name in (
        "_global_forward_hooks", "_global_forward_pre_hooks", "_global_backward_hooks",
        "_global_backward_pre_hooks"))
