"""Experiments beside the student's functions. `next_batch`, which `train` asks for data, is put in its place
here."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

Names = dict[str, Any]              # what the notebook defines
Batch = tuple[Tensor, Tensor]       # inputs, and the class of each


def built(namespace: Names, depth: int, width: int, init: str, x: Tensor) -> dict[str, Any]:
    """What `build` gives: the linear layers in order, and what the net computes for x."""
    return looked_at(beside(x, namespace["build"](depth, width, init)), x)


def beside(x: Tensor, model: Any) -> Any:
    """A net on the device where x lies: `build` may make it on the CPU, as `torch.normal` always does."""
    return model.to(x.device) if isinstance(model, nn.Module) else model


def built_twice(namespace: Names, depth: int, width: int, init: str) -> dict[str, Any]:
    """The weights of two nets, built one after the other without seeding in between."""
    first, second = (looked_at(namespace["build"](depth, width, init)) for _ in range(2))
    return {"first": first, "second": second}


def refusals(namespace: Names, width: int, asked: Sequence[Sequence[Any]]) -> list[str]:
    """What `build` raises for each (depth, init): the names of the error's classes, or "" for none."""
    build = namespace["build"]
    said = []
    for depth, init in asked:
        try:
            build(depth, width, init)
        except NotImplementedError:   # the stub: that is said elsewhere
            raise
        except Exception as error:
            said.append(" ".join(kind.__name__ for kind in type(error).__mro__))
        else:
            said.append("")
    return said


def trained(namespace: Names, weights: list[Tensor], biases: list[Tensor], x: Tensor, scores: Tensor,
            steps: int, lr: float, dropped: bool) -> dict[str, Any]:
    """What `train` returns for a small net, and the parameters that this net has afterwards."""
    supply(namespace, x, scores)
    return after(namespace, net(weights, biases, dropped=dropped), steps, lr)


def trained_again(namespace: Names, weights: list[Tensor], biases: list[Tensor], x: Tensor, scores: Tensor,
                  steps: int, lr: float, other: Mapping[str, Any]) -> dict[str, Any]:
    """Calls of `train`, one after the other: a net; another one; the first once more from the beginning, one
    step longer, and then still further; and a copy of it, which makes the same further steps.

    What `torch.rand` gives after the first and after the third call, which start from different seeds, comes
    out too.
    """
    found: dict[str, Any] = {}
    drawn: list[Tensor] = []

    def run(name: str, model: nn.Module, of: Mapping[str, Any], *, steps: int, begin: int = 0) -> None:
        supply(namespace, of["x"], of["scores"], begin)
        torch.manual_seed(len(found))
        found[name] = after(namespace, model, steps, of["lr"])
        drawn.append(torch.rand(4))

    mine = {"x": x, "scores": scores, "lr": lr}
    first, second, third = net(weights, biases), net(other["weights"], other["biases"]), net(weights, biases)
    run("first", first, mine, steps=steps)
    run("second", second, other, steps=other["steps"])
    run("third", third, mine, steps=steps + 1)
    third.zero_grad()   # gradients left behind are what `losses` is about
    copied = net([m.weight.detach().clone() for m in third if isinstance(m, nn.Linear)],
                 [m.bias.detach().clone() for m in third if isinstance(m, nn.Linear)])
    run("further", third, mine, steps=3, begin=steps + 1)
    run("copy", copied, mine, steps=3, begin=steps + 1)
    return {**found, "drawn": [drawn[0], drawn[2]]}


def after(namespace: Names, model: nn.Module, steps: int, lr: float) -> dict[str, Any]:
    """What `train` returns, the types of its entries that are no numbers of Python, and the parameters."""
    losses = namespace["train"](model, steps, lr)
    entries = list(losses) if isinstance(losses, list) else []
    return {"losses": entries if isinstance(losses, list) else losses,
            "foreign": sorted({type(e).__name__ for e in entries if not isinstance(e, int | float)}),
            "parameters": [p.detach().clone() for p in model.parameters()]}


def verdicts(namespace: Names, runs: Sequence[Sequence[float]]) -> list[Any]:
    """What `verdict` says of each list of losses."""
    return [namespace["verdict"](list(losses)) for losses in runs]


def experiment(namespace: Names, depth: int, width: int, init: str, steps: int, lr: float, batch: int,
               means: Tensor, noise: Tensor, tries: int, enough: float) -> dict[str, Any]:
    """Build, train, judge. Tried again, `tries` times at most, while the loss is not below `enough` at the
    end.

    The trained net comes out too, so that its loss on new data can be worked out elsewhere.
    """
    labels = torch.arange(len(noise)) % len(means)
    for _ in range(tries):
        namespace["next_batch"] = lambda: drawn(means, batch)
        model = beside(means, namespace["build"](depth, width, init))
        losses = namespace["train"](model, steps, lr)
        said = namespace["verdict"](losses)
        with torch.no_grad():
            for parameter in model.parameters():   # the net that comes out, in a third of the room
                parameter.copy_(parameter.bfloat16())
            loss = nn.functional.cross_entropy(model(means[labels] + noise), labels)
        if loss < enough and sum(losses[-10:]) / 10 < enough:
            break
    return {"losses": losses, "said": said, "net": looked_at(model)}


def convolutional(namespace: Names, device: torch.device, init: str, depth: int, channels: int, steps: int,
                  lr: float, batch: int, means: Tensor, tries: int, enough: float) -> dict[str, Any]:
    """Train a convolutional net on images, on a device, and judge it; tried again like `experiment`.

    The trained net's weights come out, from first to last.
    """
    means = means.to(device)
    for _ in range(tries):
        namespace["next_batch"] = lambda: images(means, batch)
        model = convolutions(init, depth, channels, means.shape[-1], len(means)).to(device)
        losses = namespace["train"](model, steps, lr)
        said = namespace["verdict"](losses)
        if sum(losses[-10:]) / 10 < enough:
            break
    weights, biases = ([m.get_parameter(name).detach() for m in model if hasattr(m, name)]
                       for name in ("weight", "bias"))
    return {"losses": losses, "said": said, "weights": weights, "biases": biases,
            "device": weights[0].device.type}


def convolutions(init: str, depth: int, channels: int, size: int, classes: int) -> nn.Sequential:
    """`depth` layers of 3x3 convolutions with ReLU, and a linear one, from He's or Xavier's
    initialisation."""
    layers: list[nn.Module] = []
    for inputs in [1] + [channels] * (depth - 1):
        layers += [nn.Conv2d(inputs, channels, 3, padding=1), nn.ReLU()]
    layers += [nn.Flatten(), nn.Linear(channels * size * size, classes)]
    for layer in layers:
        if isinstance(layer, nn.Conv2d | nn.Linear):
            taken = layer.weight[0].numel()
            given = layer.weight.numel() // layer.weight.shape[1]
            nn.init.normal_(layer.weight, std=math.sqrt(2 / (taken if init == "he" else taken + given)))
            nn.init.zeros_(layer.get_parameter("bias"))
    return nn.Sequential(*layers)


def images(means: Tensor, size: int) -> Batch:
    """A batch of noisy images, and their classes."""
    y = torch.randint(len(means), (size,), device=means.device)
    return means[y] + torch.randn(size, *means.shape[1:], device=means.device), y


def looked_at(model: object, x: Tensor | None = None) -> dict[str, Any]:
    """The linear layers of a net, the same one counted as often as it stands there, and its output for x."""
    if not isinstance(model, nn.Module):
        return {"kind": type(model).__name__}
    linear = [m for m in leaves(model) if isinstance(m, nn.Linear)]
    found = {"kind": "Sequential" if isinstance(model, nn.Sequential) else type(model).__name__,
             "distinct": len({id(m) for m in linear}), "weights": [m.weight.detach() for m in linear],
             "biases": [None if m.bias is None else m.bias.detach() for m in linear]}
    if x is not None:
        with torch.no_grad():
            found["output"] = model(x)
    return found


def leaves(module: nn.Module) -> Iterator[nn.Module]:
    """The modules that hold no others, in order, repeated ones too."""
    inner = [m for m in module._modules.values() if m is not None]
    if not inner:
        yield module
    for child in inner:
        yield from leaves(child)


class FixedDropout(nn.Module):
    """Dropout that drops half of each number in every second place while a net is trained, so that no draw
    decides what is right."""

    def forward(self, x: Tensor) -> Tensor:
        places = torch.arange(x.shape[-1], device=x.device)
        return x * (0.5 + places % 2).to(x.dtype) if self.training else x


def net(weights: Sequence[Tensor], biases: Sequence[Tensor], *, dropped: bool = False) -> nn.Sequential:
    """A net of nn.Linear layers with these weights, tanh after each but the last, and perhaps dropout after
    that."""
    layers: list[nn.Module] = []
    for weight, bias in zip(weights, biases, strict=True):
        linear = nn.Linear(weight.shape[1], weight.shape[0])
        with torch.no_grad():
            linear.weight.copy_(weight)
            linear.bias.copy_(bias)
        layers += [nn.Tanh(), *([FixedDropout()] if dropped else []), linear] if layers else [linear]
    return nn.Sequential(*layers)


def supply(namespace: Names, x: Tensor, scores: Tensor, begin: int = 0) -> None:
    """Let `next_batch` hand out these batches, one after the other and round again, from number `begin`
    on."""
    numbers = itertools.count(begin)

    def next_batch() -> Batch:
        at = next(numbers) % len(x)
        return x[at].clone(), scores[at].argmax(-1)

    namespace["next_batch"] = next_batch


def drawn(means: Tensor, size: int) -> Batch:
    """A batch of the mixture."""
    y = torch.randint(len(means), (size,))
    return means[y] + torch.randn(size, means.shape[1]), y
