"""What students and tutors hand in: notebooks, folders, archives, tables, exercises."""

from __future__ import annotations

import contextlib
import io
import json
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from grader.errors import Mendable
from grader.exercise import catalog
from grader.export import canvas, moodle
from grader.export.filling import Filled, Wish
from grader.intake import mapping, roster
from grader.intake.clean import Cleaned, NotANotebook, clean
from grader.intake.mapping import Row
from grader.intake.sources import Intake, read_sources
from tests import samples as s
from tests.conftest import CHECKS, TOML, write_exercise
from tests.export.test_canvas import GRADEBOOK, SHEET
from tests.export.test_moodle import BLIND, ENGLISH, GERMAN, TEAMS
from tests.fuzz import JSON, TEXT, folder, fuzzed, odd, one_line, spoilt
from tests.notebooks import notebook

NOTEBOOK = notebook(
    "import torch", "def double(x):\n    return 'é\\n'", heading="# A", grader={"exercise": "doubling"}
).encode()
OLDER = json.dumps(
    {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [
            {
                "metadata": {},
                "cells": [
                    {
                        "cell_type": "code",
                        "input": ["x = 1\n"],
                        "language": "python",
                        "outputs": [{"output_type": "stream", "stream": "stdout", "text": ["1"]}],
                        "prompt_number": 1,
                    },
                    {"cell_type": "heading", "level": 1, "source": "A"},
                ],
            }
        ],
    }
).encode()
COURSE = (b'title = "A"\ntimezone = "UTC"\npackages = ["scipy"]\n[[exercise]]\nname = "doubling"\n'
          b'weight = 2.0\ndue = 2026-11-20T23:59:00\nrules = { steps = [[0, 0.5]] }\n[rules]\ncap = 0.5\n')
ROSTER = 'id;name;email;group\n42;Ada Lovelace;ada@example.org;"A, B"\n43;"Boole, George";gb@example.org;B\n'


def documents() -> st.SearchStrategy[bytes]:
    """JSON in the shape of a notebook, with anything in it."""
    cell = st.dictionaries(
        st.sampled_from(["cell_type", "source", "input", "metadata", "outputs", "level"]),
        st.one_of(JSON, st.sampled_from(["code", "markdown", "heading"])),
        max_size=5,
    )
    cells = st.one_of(JSON, st.lists(st.one_of(cell, JSON), max_size=4))
    sheets = st.one_of(JSON, st.lists(st.fixed_dictionaries({"cells": cells, "metadata": JSON}), max_size=2))
    return st.fixed_dictionaries(
        {},
        optional={
            "cells": cells,
            "worksheets": sheets,
            "metadata": JSON,
            "nbformat_minor": JSON,
            "nbformat": st.one_of(JSON, st.sampled_from([2, 3, 4, 3.0, True])),
        },
    ).map(lambda found: json.dumps(found).encode())


@fuzzed
@given(st.one_of(odd(NOTEBOOK, OLDER), documents()))
@example(b"[" * 100_000)
@example(b'{"cells": ' + b"9" * 10_000 + b"}")
def test_cleaning(data: bytes) -> None:
    try:
        found = clean(data)
    except NotANotebook as error:
        one_line(error)
        return
    again = clean(found.notebook.encode())
    assert again == Cleaned(notebook=found.notebook, exercise=None)
    assert all(type(cell["source"]) is str for cell in json.loads(found.notebook)["cells"])


PARTS = st.one_of(
    TEXT,
    st.sampled_from(
        [
            "..",
            ".",
            "",
            "ada",
            "Ada Lovelace_42_assignsubmission_file",
            "a.ipynb",
            "he_init.ipynb",
            "x.zip",
            "x.tar.gz",
            "roster.csv",
            "a" * 300,
            "con",
            "doubling",
            "doubling-2.ipynb",
            "a_42_777_he_init.ipynb",
            ".git",
            "A.ipynb",
            "submitted",
            "submission_metadata.yml",
            "Participant_7_assignsubmission_onlinetext",
            "onlinetext.html",
        ]
    ),
)
NAMES = st.lists(PARTS, min_size=1, max_size=4).map("/".join)
HELD = st.one_of(
    st.just(NOTEBOOK),
    odd(NOTEBOOK),
    st.just(b"submissions:\n- :id: 7\n  :submitters: [{:name: A}]\n"),
    st.binary(max_size=20),
)


def plain(name: str) -> str:
    """What Python itself can pack."""
    return name.replace("\x00", "0").encode("utf-8", "replace").decode() or "_"


def zipped(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(plain(name), data)
    return target.getvalue()


def tarred(files: dict[str, bytes], mode: str = "w") -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            member = tarfile.TarInfo(plain(name))
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return target.getvalue()


def read(source: Path, layout: str | None = None) -> None:
    """A folder or an archive is taken in, or refused in one line."""
    try:
        with read_sources([source], ["doubling", "he_init"], layout=layout) as intake:
            assert isinstance(intake, Intake)
            assert all(len(said.splitlines()) <= 1 for said in (*intake.said, *intake.notes))
    except Mendable as error:
        one_line(error, lines=3)


LAYOUTS = st.sampled_from([None, None, "moodle", "canvas", "gradescope", "nbgrader", "classroom", "folders"])


@fuzzed
@given(st.dictionaries(NAMES, HELD, max_size=6), LAYOUTS)
def test_intake_of_a_folder(files: dict[str, bytes], layout: str | None) -> None:
    with folder() as top:
        (top / "in").mkdir()
        for name, data in files.items():
            path = top / "in" / name.replace("..", "__").lstrip("/")
            with contextlib.suppress(OSError, ValueError):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
        read(top / "in", layout)


MADE = {
    "ada/doubling.ipynb": NOTEBOOK,
    "ben/x.zip": zipped({"doubling.ipynb": NOTEBOOK}),
    "ben/data.csv": b"1,2",
}


@fuzzed
@given(
    st.one_of(
        spoilt(zipped(MADE), 8),
        spoilt(tarred(MADE), 8),
        spoilt(tarred(MADE, "w:gz"), 3),
        spoilt(tarred(MADE, "w:xz"), 3),
        st.dictionaries(NAMES, HELD, max_size=6).map(zipped),
        st.dictionaries(NAMES, HELD, max_size=6).map(tarred),
        st.binary(max_size=100),
    ),
    st.sampled_from(["in.zip", "in.tar", "in.tar.gz", "ada/x.zip", "ada/x.tgz"]),
)
def test_intake_of_archives(data: bytes, name: str) -> None:
    with folder() as top:
        (top / "in" / name).parent.mkdir(parents=True)
        (top / "in" / name).write_bytes(data)
        read(top / "in" if "/" in name else top / "in" / name)


@cache
def an_exercise() -> Path:
    return write_exercise(Path(tempfile.mkdtemp(prefix="fuzz-")) / "exercises" / "doubling")


TOMLS = st.dictionaries(
    st.sampled_from(
        [
            "title",
            "version",
            "points",
            "functions",
            "forbidden",
            "preload",
            "on_gpu",
            "limits",
            "files",
            "hidden_files",
            "colour",
        ]
    ),
    st.one_of(
        JSON, st.sampled_from([["checks.py"], ["../x"], ["/etc/passwd"], ["a\x00"], [""], ["."], 6.0, 1e999])
    ),
    max_size=4,
)


@fuzzed
@given(
    st.one_of(
        odd(TOML.encode()),
        TOMLS.map(
            lambda new: "\n".join(
                f"{key} = {json.dumps(value)}"
                for key, value in (
                    {"title": "A", "version": 1, "points": 6, "functions": ["double", "halve"]} | new
                ).items()
            ).encode("utf-8", "replace")
        ),
    )
)
@example(b"a = " + b"[" * 100_000)
@example(b"points = " + b"9" * 10_000)
def test_exercise_toml(data: bytes) -> None:
    there = an_exercise()
    (there / "exercise.toml").write_bytes(data)
    try:
        assert isinstance(catalog.load(there), catalog.Exercise)
    except catalog.ExerciseError as error:
        one_line(error)


@fuzzed
@given(odd(COURSE))
@example(b"a = " + b"[" * 100_000)
def test_course_toml(data: bytes) -> None:
    root = an_exercise().parent
    (root / "course.toml").write_bytes(data)
    for reader in catalog.course, catalog.course_packages:
        try:
            reader(root)
        except catalog.ExerciseError as error:
            one_line(error)
    (root / "course.toml").unlink()


@fuzzed
@given(
    st.lists(
        odd(
            ROSTER.encode(), ENGLISH.encode(), GERMAN.encode("cp1252", "replace"), GRADEBOOK.encode("utf-16")
        ),
        min_size=1,
        max_size=2,
    )
)
def test_roster(files: list[bytes]) -> None:
    with folder() as top:
        paths = [top / f"{at}.csv" for at in range(len(files))]
        for path, data in zip(paths, files, strict=True):
            path.write_bytes(data)
        try:
            people = roster.read(paths)
        except Mendable as error:
            one_line(error)
            return
        assert people
        assert len({one.person.id for one in people}) == len(people)


ROWS = [
    Row(
        file=f"{name}/doubling.ipynb",
        person=name,
        name=name.title(),
        exercise="doubling",
        attempt=1,
        handed_in_at="",
        use="graded",
        why="it is the only one",
    )
    for name in ("ada", "ben", "=1")
]


@fuzzed
@given(st.data(), st.sampled_from(",;\t"))
def test_mapping(data: Any, separator: str) -> None:
    with folder() as top:
        mapping.save(ROWS, top / "m.csv", separator=separator)
        (top / "m.csv").write_bytes(data.draw(odd((top / "m.csv").read_bytes())))
        try:
            pins = mapping.load(top / "m.csv", [row.file for row in ROWS], ["doubling"])
        except Mendable as error:
            one_line(error, lines=1 + 2 * len(str(error).split(str(top / "m.csv"))))
            return
        assert {pin.file for pin in pins} <= {row.file for row in ROWS} | {""}


RESULTS = [
    s.result(student, name=name, max_score=20.0)
    for student, name in (
        ("42", "Ada Lovelace"),
        ("Ben_43_assignsubmission_file", "Ben"),
        ("7", ""),
        ("lovelaceada_42", ""),
        ("s1", ""),
    )
]


@fuzzed
@given(
    odd(
        *(sheet.encode() for sheet in (ENGLISH, TEAMS, BLIND)),
        GERMAN.encode("cp1252", "replace"),
        GRADEBOOK.encode(),
        ENGLISH.encode("utf-16"),
    ),
    st.booleans(),
)
@example(b"\x0b" + GRADEBOOK.encode(), False)
def test_worksheets(data: bytes, replace: bool) -> None:
    fillings: tuple[Callable[[Path], Filled], ...] = (
        lambda path: moodle.fill(RESULTS, path, everybody=RESULTS, notebooks={},
                                 wish=Wish(replace=replace, scale=True)),
        lambda path: canvas.fill(
            RESULTS, path, everybody=RESULTS, wish=Wish(replace=replace, scale=True), assignments=SHEET
        ),
    )
    with folder() as top:
        (top / "sheet.csv").write_bytes(data)
        for fill in fillings:
            try:
                assert isinstance(fill(top / "sheet.csv").content, bytes)
            except Mendable as error:
                one_line(error)


def test_these_are_read_where_nothing_is_spoilt(tmp_path: Path) -> None:
    """Or nothing here would show anything."""
    assert clean(NOTEBOOK).exercise == "doubling"
    assert clean(OLDER)
    (tmp_path / "in.zip").write_bytes(zipped(MADE))
    with read_sources([tmp_path / "in.zip"], ["doubling"]) as intake:
        assert [one.student for one in intake.submissions] == ["ada", "ben"]
    write_exercise(tmp_path / "exercises" / "doubling", toml=TOML, checks=CHECKS)
    (tmp_path / "exercises" / "course.toml").write_bytes(COURSE)
    assert catalog.course(tmp_path / "exercises").packages == ("scipy",)
    (tmp_path / "roster.csv").write_text(ROSTER)
    assert len(roster.read([tmp_path / "roster.csv"])) == 2
