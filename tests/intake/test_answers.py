"""An answer is found again whatever editors and people do to its cell."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from grader.intake import answers
from grader.intake.clean import clean

Cells = list[dict[str, Any]]
QUESTION = "## Think\n\nWhy does it vanish?"
NEXT = "## More"


def cell(source: str, kind: str = "markdown", **more: object) -> dict[str, Any]:
    plain = {"cell_type": kind, "metadata": {}, "source": source}
    return {**plain, **({"outputs": [], "execution_count": None} if kind == "code" else {}), **more}


def handed_in(text: str = "It is a product.") -> Cells:
    answer = answers.released("think")
    answer["source"] = answer["source"].replace(answers.PLACEHOLDER, text)
    return [cell("# Title"), cell(QUESTION, id="q"), answer, cell(NEXT), cell("x = 1", "code")]


def read(cells: Cells, *ids: str, given: bool = True) -> dict[str, str]:
    """Through the cleaning, as what is handed in goes."""
    document = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    cleaned = json.loads(clean(document.encode()).notebook)["cells"]
    asked = {id: QUESTION if id == "think" else "" for id in ids or ("think",)}
    return answers.found(cleaned, asked, {"# Title", QUESTION, NEXT} if given else None)


def answer(cells: Cells) -> str:
    return read(cells)["think"]


def colab(cells: Cells) -> Cells:
    """Ids become metadata of Colab's own; the grader's are gone."""
    return [cell(one["source"], one["cell_type"], metadata={"id": f"r{i}"}) for i, one in enumerate(cells)]


def vs_code_of_2020(cells: Cells) -> Cells:
    return [cell(one["source"], one["cell_type"]) for one in cells]


def moved(cells: Cells) -> Cells:
    return [cells[2], *cells[:2], *cells[3:]]


def split_by_jupyter(cells: Cells) -> Cells:
    """Both parts have the metadata."""
    first, second = cells[2]["source"].split("is ")
    return [*cells[:2], {**cells[2], "source": first + "is"}, {**cells[2], "id": "new", "source": second},
            *cells[3:]]


def split_elsewhere(cells: Cells) -> Cells:
    """The second part has nothing."""
    first, second = cells[2]["source"].split("is ")
    return [*cells[:2], {**cells[2], "source": first + "is"}, cell(second), *cells[3:]]


def without_line(cells: Cells) -> Cells:
    return [*cells[:2], {**cells[2], "source": "It is a product."}, *cells[3:]]


def with_the_id_alone(cells: Cells) -> Cells:
    return [*cells[:2], {**cells[2], "metadata": {}, "source": "It is a product."}, *cells[3:]]


def cell_of_their_own(cells: Cells) -> Cells:
    return [*cells[:2], cell("It is a product."), *cells[3:]]


def within_the_question(cells: Cells) -> Cells:
    return [cells[0], cell(f"{QUESTION}\n\nIt is a product."), *cells[3:]]


def copied(cells: Cells) -> Cells:
    return [*cells, cells[2], {**cells[2], "id": "copy"}]


def as_code(cells: Cells) -> Cells:
    return [*cells[:2], cell(cells[2]["source"], "code"), *cells[3:]]


def as_raw(cells: Cells) -> Cells:
    return [*cells[:2], {**cells[2], "cell_type": "raw"}, *cells[3:]]


def joined(cells: Cells) -> Cells:
    return [cells[0], cell(f"{QUESTION}\n\n{cells[2]['source']}"), *cells[3:]]


def retyped(cells: Cells) -> Cells:
    return [*cells[:2], cell("Your Answer (think): It is a product."), *cells[3:]]


def above_the_line(cells: Cells) -> Cells:
    return [*cells[:2], {**cells[2], "source": f"It is a product.\n\n{answers.marker('think')}"}, *cells[3:]]


WAYS: list[Callable[[Cells], Cells]] = [
    colab, vs_code_of_2020, moved, without_line, with_the_id_alone, cell_of_their_own, within_the_question,
    copied, as_code, as_raw, retyped, above_the_line]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_an_answer_is_found_again(way: Callable[[Cells], Cells]) -> None:
    assert answer(way(handed_in())) == "It is a product."


@pytest.mark.parametrize("way", [split_by_jupyter, split_elsewhere], ids=lambda way: way.__name__)
@pytest.mark.parametrize("first", [lambda cells: cells, moved], ids=["there", "moved"])
def test_both_parts_of_a_cell_that_was_split_count(way: Callable[[Cells], Cells],
                                                   first: Callable[[Cells], Cells]) -> None:
    assert answer(way(handed_in())).split() == ["It", "is", "a", "product."]


def test_a_question_joined_with_its_answer_counts_whole() -> None:
    assert answer(joined(handed_in())).endswith("It is a product.")


@pytest.mark.parametrize("way", [colab, moved, copied, as_raw], ids=lambda way: way.__name__)
def test_what_was_not_written_is_empty(way: Callable[[Cells], Cells]) -> None:
    cells = handed_in(answers.PLACEHOLDER)
    assert answer(cells) == answer(way(cells)) == answer([*cells[:2], *cells[3:]]) == ""


@pytest.mark.parametrize("way", [without_line, with_the_id_alone], ids=lambda way: way.__name__)
def test_without_its_line_a_cell_that_was_moved_is_known_by_the_rest(way: Callable[[Cells], Cells]) -> None:
    assert answer(moved(way(handed_in()))) == "It is a product."


def test_two_answers_in_one_cell_are_told_apart() -> None:
    both = f"{answers.marker('think')}\n\nOne.\n\n{answers.marker('more')}\n\nTwo."
    assert read([cell(QUESTION), cell(both)], "think", "more") == {"think": "One.", "more": "Two."}


def test_what_follows_in_the_exercise_is_no_answer_nor_is_anything_behind_code() -> None:
    cells = [*handed_in(), cell("A note of my own.")]
    assert answer(cells) == "It is a product."
    assert read([*handed_in()[:3], cell("More.")], given=False) == {"think": "It is a product."}


def test_a_copy_that_differs_is_kept_too() -> None:
    changed = {**answers.released("think"), "source": f"{answers.marker('think')}\n\nAnother."}
    assert answer([*handed_in(), changed]) == "It is a product.\n\nAnother."


ODD: list[object] = [[], {"answer": 1}, {"answer": "A b"}, {"answer": "x" * 99}]


@pytest.mark.parametrize("metadata", [[], *({"grader": odd} for odd in ODD)], ids=str)
def test_odd_metadata_are_nothing(metadata: object) -> None:
    assert answer([cell("text", metadata=metadata, id=7)]) == ""


def test_an_answer_has_a_bound() -> None:
    found = answer(handed_in("word " * 10_000))
    assert len(found) < answers.MAX_ANSWER + 10
    assert found.endswith("[…]")


def test_code_that_only_speaks_of_answers_stays_code() -> None:
    source = 'print("""\nYour answer (think)\n""")'
    document = json.dumps({"cells": [cell(source, "code")], "metadata": {}, "nbformat": 4})
    (kept,) = json.loads(clean(document.encode()).notebook)["cells"]
    assert (kept["cell_type"], kept["source"]) == ("code", source)


def test_a_section_that_follows_is_no_answer_even_of_another_release() -> None:
    cells = handed_in()
    assert answer([*cells[:3], cell("## To read\n\nHe et al. 2015"), *cells[3:]]) == "It is a product."
    del cells[2]
    assert answer([*cells[:2], cell("## To read\n\nHe et al. 2015"), *cells[2:]]) == ""
