"""PyTorch's own errors are known by the words with which this PyTorch raises them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from msgspec import structs

from grader import judge, records
from grader.inside import simulated_cuda
from grader.report import student
from grader.report.known_errors import KNOWN, advice_on
from grader.spec import ONE_GPU, worlds
from tests import samples as s


def parameter() -> torch.Tensor:
    return torch.ones(3, requires_grad=True)


def twice() -> None:
    loss = (parameter() ** 2).sum()
    loss.backward()
    loss.backward()


def overwritten() -> None:
    x = parameter().exp()
    y = x.exp().sum()
    x += 1
    (y + x.exp().sum()).backward()


def nothing() -> Any:
    return None


def on_two_devices() -> None:
    with simulated_cuda.entered(worlds.named(ONE_GPU, 1)):
        torch.ones(2, device="cuda") + torch.ones(2)


RAISING: list[tuple[Callable[[], object], str]] = [
    (lambda: parameter().normal_(), "torch.no_grad()"),
    (lambda: torch.ones(()).backward(), "Nothing was recorded"),
    (twice, "Compute the loss anew"),
    (lambda: parameter().numpy(), ".detach()"),
    (lambda: parameter().backward(), "mean or sum"),
    (lambda: torch.ones(2, 3) @ torch.ones(2, 3), "shape"),
    (lambda: torch.ones(2) + torch.ones(3), "shape"),
    (lambda: torch.ones(2, 2) @ torch.ones(2, 2, dtype=torch.float64), "dtype"),
    (lambda: torch.nn.Linear(2, 2)(torch.ones(2, dtype=torch.float64)), "dtype"),
    (on_two_devices, "device"),
    (overwritten, "overwritten"),
    (lambda: nothing().dim(), "`return`"), (lambda: nothing()(1), "`return`"),
    (lambda: nothing()[0], "`return`"), (lambda: list(nothing()), "`return`"),
    (lambda: nothing() * torch.ones(1), "`return`"), (lambda: torch.ones(1) * nothing(), "`return`"),
    (lambda: nothing() > 1, "`return`"),
    (lambda: math.sqrt(nothing()), "`return`"), (lambda: float(nothing()), "`return`"),
    (lambda: torch.relu(nothing()), "`return`"), (lambda: torch.nn.Linear(2, 2)(nothing()), "`return`")]
ERRORS = (RuntimeError, AttributeError, TypeError)


@pytest.mark.parametrize(("raising", "says"), RAISING)
def test_what_torch_raises_is_known(raising: Callable[[], object], says: str) -> None:
    with pytest.raises(ERRORS) as raised:
        raising()
    assert says in advice_on(str(raised.value)), raised.value


def test_each_is_met() -> None:
    found = set()
    for raising, _ in RAISING:
        with pytest.raises(ERRORS) as raised:
            raising()
        found.add(advice_on(str(raised.value)))
    assert found == set(KNOWN.values())


@pytest.mark.parametrize(("language", "says"), [("en", "Change it under"), ("de", "Ändere ihn unter")])
def test_the_report_says_it_where_the_exercise_has_no_word_on_it(language: str, says: str) -> None:
    values = {"name": "f", "error": "RuntimeError",
              "message": "a leaf Variable that requires grad is being used in an in-place operation."}
    said = records.Sentence(template=judge.RAISED_WITH, values=values)
    raised = structs.replace(s.RAISED, advice="", said=said)
    assert says in student.render(s.result(checks=(raised,)), s.NOTEBOOK, language=language)
    own = structs.replace(raised, advice="Read the text.")
    assert says not in student.render(s.result(checks=(own,)), s.NOTEBOOK, language=language)
