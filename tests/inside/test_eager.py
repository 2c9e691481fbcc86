"""torch.compile, where nothing is compiled."""

from __future__ import annotations

import copy
import sys
from typing import Any

import pytest
import torch
from torch import nn

from grader.inside.kernel import eager


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.layer(x)
        return out


@pytest.mark.parametrize("compiled", [
    lambda net: torch.compile(net), lambda net: torch.compile(net, mode="max-autotune", fullgraph=True),
    lambda net: torch.compile(dynamic=True)(net),
    lambda net: torch.compile(torch.compile(net))], ids=range(4))
def test_a_compiled_module_is_the_module(compiled: Any) -> None:
    net, x = Net(), torch.ones(1, 3)
    with eager.entered():
        twin: Any = compiled(net)
        net.compile(backend="inductor")
        assert torch.equal(twin(x), net(x))
    assert issubclass(type(twin), Net)
    assert [name for name, _ in twin.named_parameters()] == ["layer.weight", "layer.bias"]
    assert twin.layer.weight is net.layer.weight
    assert torch.equal(twin._orig_mod(x), net(x))
    twin.eval()
    assert not net.training
    another: Any = copy.deepcopy(twin)
    assert another.layer.weight is not net.layer.weight
    assert another._orig_mod.layer.weight is another.layer.weight


def test_nothing_is_compiled_and_no_compiler_imported() -> None:
    was_there = "torch._inductor.compile_fx" in sys.modules
    with eager.entered():
        @torch.compile
        def double(x: int) -> int:
            return 2 * x

        @torch.compile(mode="reduce-overhead", dynamic=True)
        def triple(x: int) -> int:
            return 3 * x

        assert (double(2), triple(2)) == (4, 6)
    assert was_there or "torch._inductor.compile_fx" not in sys.modules
