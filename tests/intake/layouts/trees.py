"""Sources as the layouts look at them, and people with names of many kinds."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TypedDict, Unpack

from hypothesis import strategies as st

from grader.intake.handed import File, Handed, Reading, Tree
from grader.intake.layouts import chosen

EXERCISES = ("he_init", "init", "sheet-1")


class More(TypedDict, total=False):
    empty: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]
    gits: tuple[str, ...]


def tree(files: Iterable[str], source: str = "/course/in", **more: Unpack[More]) -> Tree:
    found = tuple(File(relative=file, path=Path(source) / file) for file in files)
    return Tree(source=Path(source), files=found, **more)


def read(*files: str, asked: str | None = None, source: str = "/course/in", **more: Unpack[More]) -> Reading:
    return chosen(tree(files, source, **more), EXERCISES, asked)


def owners(reading: Reading) -> dict[str, str]:
    """Each file's person."""
    return {each.file.relative: each.person.id for each in reading.handed}


def one(reading: Reading, student: str) -> Handed:
    found, = (each for each in reading.handed if each.person.id == student)
    return found


def on_disk(root: Path, files: dict[str, str]) -> Tree:
    for relative, text in files.items():
        (root / relative).parent.mkdir(parents=True, exist_ok=True)
        (root / relative).write_text(text, encoding="utf-8")
    return tree(files, str(root))


ODD = ["Müller, Jörg", "O'Brien", "محمد علي", "王小明", "=1+1", "a_b", "Team 7", "7", "test_2",
       "Anna Schmidt", "é", "Zoe\u0308", "de la Cruz", "x_99_assignsubmission", "LATE", "old", "शर्मा"]
NAMES = st.one_of(st.sampled_from(ODD), st.text(
    st.characters(exclude_characters="/\0.", exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1,
    max_size=20))
NUMBERS = st.integers(1, 99_999)


def shuffled(files: dict[str, str]) -> st.SearchStrategy[list[str]]:
    return st.permutations(sorted(files))


PERSON = st.one_of(st.sampled_from(["Müller, Jörg", "O'Brien", "محمد علي", "王小明", "=1+1", "a_b", "7",
                                    "Zoe\u0308", "Anna Schmidt", "test_2"]),
                   st.text("abcdeäöü'_, 0123", min_size=1, max_size=8))
