"""Moodle's "Download all submissions": `Anna Schmidt_1003_assignsubmission_file/he_init.ipynb`, or flat."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from grader.intake.called import is_notebook
from grader.intake.handed import Reading, Tree
from grader.intake.layouts.entries import Parts, Theirs, entries, hollow, reading
from grader.records import Person

# mod/assign/classes/downloader.php; up to Moodle 4.0 a folder's name ended with "_". What a student may
# choose, a file's name, comes behind the first match.
ENTRY = re.compile(r"^(?P<name>.*?)(?:_(?P<id>[0-9]+))?_assign(?P<kind>submission|feedback)_"
                   r"(?P<plugin>[a-z]+)(?:_(?P<rest>.*))?$", re.DOTALL)
LIKE = "<name>_<number>_assignsubmission_file/<notebook>.ipynb"
ONLINE_TEXT = "onlinetext.html"
# get_string("participant", "mod_assign"), without what clean_filename takes out of it
PARTICIPANT = {"participant", "teilnehmer", "teilnehmerin", "participante", "partecipante", "deelnemer",
               "deltager", "deltagare", "osallistuja", "uczestnik", "участник", "参加者", "参与者", "مشارك"}
USERNAME = re.compile(r"[a-z0-9.@-]+")


@dataclass(frozen=True, kw_only=True)
class _Named:
    """A path's first part, taken apart."""

    name: str
    id: str
    submission: bool
    plugin: str
    rest: str


class Moodle:
    name = "moodle"

    def fits(self, tree: Tree) -> bool:
        tops, own = _tops(tree), {top for top in _tops(tree) if _named(top)}
        loose = {entry.parts[0] for entry in entries(tree) if len(entry.parts) == 1}
        # A sheet or a readme that lies beside the submissions makes it no other layout.
        rest = {top for top in tops - own if top not in loose or is_notebook(top)}
        return len(own) > len(rest)

    def read(self, tree: Tree, exercises: Iterable[str]) -> Reading:  # noqa: ARG002 - Moodle says more
        people = _People(tree)
        return reading("Moodle", LIKE, tree, people.whose, blind=people.blind)


def alike(tree: Tree) -> list[str]:
    """What is called as Moodle does it."""
    return sorted(top for top in _tops(tree) if _named(top))


def _tops(tree: Tree) -> set[str]:
    return {entry.parts[0] for entry in entries(tree)} | {parts[0] for parts in hollow(tree)}


class _People:
    """Who a download is of: what can be told of a name only by looking at them all."""

    def __init__(self, tree: Tree) -> None:
        seen = {(named.id, named.name) for top in _tops(tree) if (named := _named(top))}
        names = {name for _, name in seen}
        self.teams = any(not id for id, _ in seen)
        self.usernames = not self.teams and _have_usernames(names)
        shown = {self._shown(name) for name in names}
        self.blind = len(shown) == 1 and (len(seen) > 2 or bool(PARTICIPANT & {n.casefold() for n in shown}))

    def whose(self, parts: Parts) -> Theirs | str:
        named = _named(parts[0])
        if named is None:
            return "Moodle's download does not call it so"
        if not named.submission:
            return "it is feedback, nothing that was handed in"
        if not (named.id or named.name):
            return "it says nobody's name and no number"
        name = "/".join(part for part in (named.rest, *parts[1:]) if part) or parts[0]
        shown = self._shown(named.name)
        hidden = self.blind or shown.casefold() in PARTICIPANT
        person = Person(id=named.id or named.name, name="" if hidden else shown)
        return Theirs(person=person, name=name, team=shown if self.teams else "",
                      online=named.plugin == "onlinetext" and name == ONLINE_TEXT)

    def _shown(self, name: str) -> str:
        return name.partition(" ")[2] or name if self.usernames else name


def _named(top: str) -> _Named | None:
    found = ENTRY.match(top)
    if found is None:
        return None
    return _Named(name=found["name"].replace("_", " ").strip(), id=found["id"] or "", plugin=found["plugin"],
                  submission=found["kind"] == "submission", rest=found["rest"] or "")


def _have_usernames(names: Iterable[str]) -> bool:
    """Does a username stand before each full name, as one fork writes it? Most must look so: one alone, and
    whoever has but one name, cannot tell."""
    split = [name.partition(" ") for name in names]
    like = [first for first, _, rest in split
            if USERNAME.fullmatch(first) and " " in rest and not rest[0].islower()]
    return len(like) > 1 and len(set(like)) == len(like) and 3 * len(like) > 2 * len(split)
