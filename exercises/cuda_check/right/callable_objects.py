"""Objects that are called, a data class for the report, recursion through the batch, annotations."""
from __future__ import annotations

from dataclasses import asdict, dataclass, field

import torch
from torch import Tensor, nn


def names_from(index: int = 0) -> list[str]:
    if index >= torch.cuda.device_count():
        return []
    return [torch.cuda.get_device_properties(index).name, *names_from(index + 1)]


@dataclass
class Report:
    available: bool = field(default_factory=torch.cuda.is_available)
    count: int = field(default_factory=torch.cuda.device_count)
    names: list[str] = field(default_factory=names_from)
    torch_version: str = f"{torch.__version__}"
    built_for_cuda: str | None = field(default_factory=lambda: torch.version.cuda)


cuda_report = lambda: asdict(Report())  # noqa: E731
pick_device = lambda: torch.device(("cpu", "cuda")[torch.cuda.is_available()])  # noqa: E731


def moved(what, device):
    return what.to(device) if isinstance(what, Tensor) else type(what)(moved(one, device) for one in what)


class Step:
    def __call__(self, model: nn.Module, batch: tuple[Tensor, Tensor], loss_fn, optimizer, device) -> float:
        loss: Tensor = self.loss(model.to(device), loss_fn, *moved(batch, device))
        parameters = [p for p in model.parameters() if p.requires_grad]
        for p, gradient in zip(parameters, torch.autograd.grad(loss, parameters)):
            p.grad = gradient
        optimizer.step()
        return loss.detach().item()

    @staticmethod
    def loss(model, loss_fn, inputs, targets):
        return loss_fn(model(inputs), targets)


train_step = Step()
