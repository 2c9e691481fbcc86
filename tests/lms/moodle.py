"""Moodle's "Download all submissions" for the class, in each of its forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from tests.lms import sheets
from tests.lms.classes import (
    BY_LOGIN,
    CLASS,
    EXERCISE,
    NO_NOTEBOOK,
    TEAMS,
    Due,
    How,
    Member,
    due,
    handed_in,
    moodle_name,
    team_id,
    token,
    written,
)
from tests.lms.laying import Laid, below, on_disk, zipped

ZIP = "NN-SS26-he_init-7781.zip"
TYPED = b"<p>Please see my e-mail.</p>"


def entries(files: Mapping[str, Mapping[str, bytes]], *, called: Callable[[Member], str] | None = None,
            tail: str = "") -> dict[str, bytes | None]:
    """The folders mode: one folder for each kind of submission of each person."""
    found: dict[str, bytes | None] = {}
    for login, theirs in files.items():
        one = BY_LOGIN[login]
        who = called(one) if called else f"{moodle_name(one.name)}_{one.moodle}"
        if one.how is How.ONLINE:
            found[f"{who}_assignsubmission_onlinetext{tail}/onlinetext.html"] = TYPED
        else:
            found |= below(f"{who}_assignsubmission_file{tail}", dict(theirs))
    return found


def _all(**how: object) -> dict[str, bytes | None]:
    return entries({one.login: handed_in(one) for one in CLASS}, **how)  # type: ignore[arg-type]


def by_number(*, named: bool = True) -> tuple[Due, ...]:
    return tuple(due(one, str(one.moodle), name=one.name if named else "") for one in CLASS)


def folders_zip(root: Path) -> Laid:
    return Laid(sources=(zipped(root / ZIP, _all()),), due=by_number(), sheet="moodle")


def folder(root: Path) -> Laid:
    closed = [f"{moodle_name(one.name)}_{one.moodle}_assignsubmission_file" for one in CLASS
              if one.how is How.CLOSED]
    return Laid(sources=(on_disk(root / "NN-SS26-he_init-7781", _all(), closed),), due=by_number(),
                sheet="moodle")


def older(root: Path) -> Laid:
    """Up to 4.0, folders' names ended in an underscore."""
    return Laid(sources=(zipped(root / ZIP, _all(tail="_")),), due=by_number(), sheet="moodle")


def prefix(root: Path) -> Laid:
    """With the username before the full name, as one fork has it."""
    found = _all(called=lambda one: f"{one.login} {moodle_name(one.name)}_{one.moodle}")
    return Laid(sources=(zipped(root / ZIP, found),), due=by_number(named=False), sheet="moodle")


def online(root: Path) -> Laid:
    """Everybody typed something, too."""
    typed = {f"{moodle_name(one.name)}_{one.moodle}_assignsubmission_onlinetext/onlinetext.html": TYPED
             for one in CLASS}
    return Laid(sources=(zipped(root / ZIP, {**_all(), **typed}),), sheet="moodle",
                due=tuple(replace(one, zero=BY_LOGIN[one.login].how in NO_NOTEBOOK) for one in by_number()))


def flat(root: Path) -> Laid:
    """All in one folder: what lay in folders of a student's own has only its name left."""
    found: dict[str, bytes | None] = {}
    for one in CLASS:
        who = f"{moodle_name(one.name)}_{one.moodle}"
        if one.how is How.ONLINE:
            found[f"{who}_assignsubmission_onlinetext_onlinetext.html"] = TYPED
        files = handed_in(one)
        if one.how is How.AGAIN:
            files = {f"{EXERCISE}_old.ipynb": files[f"versuch 1/{EXERCISE}.ipynb"],
                     f"{EXERCISE}.ipynb": files[f"{EXERCISE}.ipynb"]}
        for name, content in files.items():
            if not name.startswith(("__MACOSX", ".ipynb_checkpoints")):
                found[f"{who}_assignsubmission_file_{name.rpartition('/')[2]}"] = content
    return Laid(sources=(zipped(root / ZIP, found),), sheet="moodle",
                due=tuple(due(one, str(one.moodle), name=one.name, silent=one.how is How.EMPTY)
                          for one in CLASS))


def blind(root: Path) -> Laid:
    """Nobody may learn the names, though a roster has them."""
    found = _all(called=lambda one: f"Participant_{one.moodle}")
    return Laid(sources=(zipped(root / ZIP, found),), due=by_number(named=False), sheet="moodle", blind=True,
                options=("--roster", str(_roster(root))))


def _teams() -> dict[str, bytes | None]:
    """One notebook for each team."""
    found: dict[str, bytes | None] = {}
    for at, team in enumerate(TEAMS):
        found[f"{moodle_name(team)}_{team_id(team)}_assignsubmission_file/{EXERCISE}.ipynb"] = written(
            token(at, kind="team"))
    return found


def _team_marks() -> dict[str, int]:
    return {team: token(at, kind="team") for at, team in enumerate(TEAMS)}


def teams(root: Path) -> Laid:
    """Nobody says who is in which team."""
    marks = _team_marks()
    return Laid(sources=(zipped(root / ZIP, _teams()),), sheet="moodle", team_marks=marks, due=tuple(
        Due(ids=(str(team_id(team)),), name=team, token=marks[team]) for team in TEAMS))


def teams_default(root: Path) -> Laid:
    """Whoever is in no team is together in one that has no number."""
    laid = teams(root / "teams")
    rest = {f"Default group_assignsubmission_file/{EXERCISE}.ipynb": written(token(0, kind="other"))}
    return replace(laid, sources=(zipped(root / ZIP, {**_teams(), **rest}),), due=(*laid.due, Due(
        ids=("Default group",), name="Default group", token=token(0, kind="other"), lenient=True)))


def teams_with_roster(root: Path) -> Laid:
    """A roster says it: each member has the team's mark."""
    marks = _team_marks()
    return Laid(sources=(zipped(root / ZIP, _teams()),), sheet="moodle", team_marks=marks,
                options=("--roster", str(_roster(root))), due=tuple(
        Due(ids=(str(one.moodle),), login=one.login, name=one.name, token=marks[one.group])
        for one in CLASS))


def _roster(root: Path) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    return sheets.roster(root / "roster.csv", ((str(one.moodle), one) for one in CLASS))


LAYOUTS: dict[str, Callable[[Path], Laid]] = {
    "moodle-zip": folders_zip, "moodle-folder": folder, "moodle-older": older, "moodle-prefix": prefix,
    "moodle-online": online, "moodle-flat": flat, "moodle-blind": blind, "moodle-teams": teams,
    "moodle-teams-default": teams_default, "moodle-teams-roster": teams_with_roster}
