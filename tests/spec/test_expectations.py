"""What an expectation says where it does not hold: the measured beside the expected, first."""

from __future__ import annotations

import pytest
import torch

from grader.spec import Unmet, expect_numbers, expect_tensor


def said(got: torch.Tensor, want: torch.Tensor) -> str:
    with pytest.raises(Unmet) as unmet:
        expect_tensor(got, want, rtol=1e-6, what="The answer")
    return unmet.value.message


def test_a_tensor_that_is_off_is_shown_where_it_is() -> None:
    want = torch.arange(6.0).reshape(2, 3)
    got = want.clone()
    got[1, 0] = 7.0
    assert said(got, want) == "The answer is 7 at index (1, 0); expected 3. 1 of 6 entries are off."
    lost = torch.full((2,), torch.nan)
    assert said(lost, torch.ones(2)).startswith("The answer is nan at index 0; expected 1.")
    assert said(torch.tensor(2.0), torch.tensor(1.0)).startswith("The answer is 2; expected 1.")


@pytest.mark.parametrize("got", [[1.0, 3.0], torch.tensor([1.0, 3.0]), (1.0, "2")])
def test_an_entry_of_a_list_is_counted_as_people_do_and_as_python_does(got: object) -> None:
    with pytest.raises(Unmet) as unmet:
        expect_numbers(got, [1.0, 2.0], rtol=1e-6, what="the list")
    assert unmet.value.message.startswith("Entry 2 (index 1) of the list is ")
