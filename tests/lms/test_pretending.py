"""Whoever calls a file as an LMS calls another's hands it in for themselves."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.lms.classes import BY_LOGIN, canvas_name, moodle_name, packed, token, written
from tests.lms.conftest import run
from tests.lms.laying import Entries, on_disk, zipped
from tests.lms.test_mapping import TOKEN, cell, contents

EVE, JO = BY_LOGIN["eve"], BY_LOGIN["jmueller"]
OTHERS = (BY_LOGIN["aschmidt"], BY_LOGIN["gus"], BY_LOGIN["liwei"])
FORGED = written(token(EVE.at))
JOS = f"{moodle_name(JO.name)}_{JO.moodle}_assignsubmission_file"
PATHS = {"as Moodle does": f"{JOS}/he_init.ipynb", "as Moodle does, flat": f"{JOS}_he_init.ipynb",
         "as Canvas does": f"{canvas_name(JO.sortable)}_{JO.canvas}_90001_he_init.ipynb",
         "as nbgrader does": f"submitted/{JO.login}/he_init/he_init.ipynb",
         "as a folder": f"{JO.login}/he_init.ipynb", "as a flat folder": f"{JO.login}_he_init.ipynb",
         "with a line end": f"x\n{JO.login},he_init.ipynb"}
FILES = {**{name: {path: FORGED} for name, path in PATHS.items()},
         **{f"{name}, in a zip": {"work.zip": packed({path: FORGED})} for name, path in PATHS.items()},
         "with a list of people": {
             "he_init.ipynb": FORGED, "submission_metadata.yml": b"submission_1:\n  :submitters:\n"
             b"  - :name: " + JO.name.encode() + b"\n    :sid: '1'\n    :email: jmueller@uni.example\n"}}


def _moodle(root: Path, files: dict[str, bytes]) -> Path:
    return zipped(root / "c-77.zip", _people(
        lambda login: f"{moodle_name(BY_LOGIN[login].name)}_{BY_LOGIN[login].moodle}_assignsubmission_file",
        files))


def _moodle_flat(root: Path, files: dict[str, bytes]) -> Path:
    return zipped(root / "c-77.zip", {
        f"{moodle_name(BY_LOGIN[login].name)}_{BY_LOGIN[login].moodle}_assignsubmission_file_"
        f"{name.replace('/', '-')}": content
        for login, theirs in _handed_in(files).items() for name, content in theirs.items()})


def _canvas(root: Path, files: dict[str, bytes]) -> Path:
    entries: dict[str, bytes | None] = {}
    for login, theirs in _handed_in(files).items():
        one = BY_LOGIN[login]
        for at, (name, content) in enumerate(theirs.items()):
            stem = f"{canvas_name(one.sortable)}_{one.canvas}_{90100 + 10 * one.at + at}"
            entries[f"{stem}_{name.replace('/', '-')}"] = content
    return zipped(root / "submissions.zip", entries)


def _nbgrader(root: Path, files: dict[str, bytes]) -> Path:
    return on_disk(root / "submitted", _people(lambda login: f"{login}/he_init", files))


def _folders(root: Path, files: dict[str, bytes]) -> Path:
    return on_disk(root / "in", _people(lambda login: login, files))


def _github(root: Path, files: dict[str, bytes]) -> Path:
    entries = _people(lambda login: f"sheet-{login}", files)
    gits = {f"sheet-{login}/.git/HEAD": b"ref: refs/heads/main\n" for login in _handed_in(files)}
    return on_disk(root / "in", {**entries, **gits})


def _gradescope(root: Path, files: dict[str, bytes]) -> Path:
    entries = _people(lambda login: f"assignment_7_export/submission_{BY_LOGIN[login].at}", files)
    people = "".join(f"submission_{BY_LOGIN[login].at}:\n  :submitters:\n  - :name: {login}\n"
                     f"    :sid: {login}\n" for login in _handed_in(files))
    return zipped(root / "e.zip", {**entries, "assignment_7_export/submission_metadata.yml": people.encode()})


def _handed_in(files: dict[str, bytes]) -> dict[str, dict[str, bytes]]:
    """Jo hands in nothing, and Eve what looks like his."""
    return {EVE.login: files, **{one.login: {"he_init.ipynb": written(token(one.at))} for one in OTHERS}}


def _people(called: Callable[[str], str], files: dict[str, bytes]) -> Entries:
    return {f"{called(login)}/{name}": content for login, theirs in _handed_in(files).items()
            for name, content in theirs.items()}


LAYOUTS = {"moodle": (_moodle, str(EVE.moodle)), "moodle-flat": (_moodle_flat, str(EVE.moodle)),
           "canvas": (_canvas, str(EVE.canvas)),
           "nbgrader": (_nbgrader, EVE.login), "folders": (_folders, EVE.login),
           "github": (_github, EVE.login), "gradescope": (_gradescope, EVE.login)}


@pytest.mark.parametrize("files", FILES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_pretending_to_be_somebody(layout: str, files: str, exercises: Path, tmp_path: Path) -> None:
    write, eve = LAYOUTS[layout]
    source, mapping = write(tmp_path / "class", FILES[files]), tmp_path / "mapping.csv"
    done = run("batch", source, "--exercises", exercises, "--save-mapping", mapping)
    if done.exit_code == 2 and not mapping.exists():
        assert "cannot tell" in done.output
        return
    found, seen = contents(source), set[str]()
    for row in csv.DictReader(io.StringIO(mapping.read_text(encoding="utf-8-sig"), newline="")):
        number = TOKEN.search(found.get(cell(row["file"]), b"").decode("utf-8", "replace"))
        if number and row["person"]:
            owner = next(one for one in (EVE, *OTHERS) if token(one.at) == int(number[1]))
            assert (row["person"] == eve) == (owner is EVE), row
            seen.add(owner.login)
    assert seen >= {one.login for one in OTHERS}
