"""An annotated class whose method is the hook; the functions are objects with __call__."""

import math
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle


@dataclass
class Recorder:
    norms: dict[str, float] = field(default_factory=dict)
    handles: list[RemovableHandle] = field(default_factory=list)

    def __call__(self, model: nn.Module) -> tuple[dict[str, float], list[RemovableHandle]]:
        new = Recorder()
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                new.handles.append(parameter.register_hook(partial(new.record, name)))
        return new.norms, new.handles

    @torch.no_grad()
    def record(self, name: str, gradient: Tensor) -> None:
        self.norms[name] = float(torch.linalg.vector_norm(gradient, dtype=torch.float64))


class Diagnosis:
    factor: float = 1000.0

    def __call__(self, norms: dict[str, float]) -> str:
        weights: list[float] = [n for name, n in norms.items() if name.endswith("weight")]
        if math.isnan(sum(norms.values())) or math.inf in norms.values():
            return "exploding"
        if weights[0] * self.factor <= weights[-1]:
            return "vanishing"
        return "exploding" if weights[0] >= self.factor * weights[-1] else "stable"


attach_gradient_norm_hooks = Recorder()
diagnose = Diagnosis()
