"""What a check sees of a step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from grader.spec import Call, Seen, empty
from grader.spec.inputs import encoded
from grader.spec.steps import prepare
from grader.wall import messages, wire

STEP = Call("fill_", empty(3))
WRITES: dict[str, Callable[[Tensor], object]] = {
    "in place": lambda tensor: tensor.mul_(2), "through a view": lambda tensor: tensor[:1].zero_(),
    "a gradient": lambda tensor: tensor.requires_grad_(),
    "through numpy": lambda tensor: tensor.numpy().fill(7)}


@pytest.fixture
def seen_by() -> Callable[[], Seen]:
    """What each check sees of one call that returned a mapping."""
    arrays: dict[str, wire.Array] = {}
    value = encoded({"weight": torch.ones(3, dtype=torch.float64), "name": "w"}, "r", arrays)
    outcome = messages.Returned(rounds=(messages.Round(value=value),))
    worked_out: dict[Any, Any] = {}
    given = prepare(STEP, key="s", seed=1).given
    return lambda: Seen(step=STEP, given=given, outcome=outcome, arrays=arrays, worked_out=worked_out)


def test_numbers_are_decoded_once_for_all_checks(seen_by: Callable[[], Seen],
                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    decoded, to_tensor = list[wire.Array](), wire.to_tensor

    def counting(array: wire.Array) -> Tensor:
        decoded.append(array)
        return to_tensor(array)

    monkeypatch.setattr(wire, "to_tensor", counting)
    for _ in range(2):
        assert torch.equal(seen_by().value["weight"], seen_by().mapping()["weight"])
    assert len(decoded) == 1


def test_a_mode_in_which_one_check_reads_is_not_the_next_ones(seen_by: Callable[[], Seen]) -> None:
    with torch.inference_mode():
        assert seen_by().value["weight"].sum() == 3
    seen_by().value["weight"].requires_grad_().sum().backward()


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize("asked", [lambda seen: seen.value["weight"], lambda seen: seen.mapping()["weight"],
                                   lambda seen: seen.mapping().tensor("weight", [3])],
                         ids=["value", "part", "tensor"])
def test_what_a_check_writes_into_them_no_other_check_sees(
        seen_by: Callable[[], Seen], asked: Callable[[Seen], Tensor],
        write: Callable[[Tensor], object]) -> None:
    write(asked(seen_by()))
    again = asked(seen_by())
    assert torch.equal(again, torch.ones(3, dtype=torch.float64))
    assert not again.requires_grad
