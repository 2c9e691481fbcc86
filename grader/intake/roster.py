"""Lists of a course's people, as Moodle, Canvas, nbgrader and tutors write them."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from msgspec import structs

from grader.intake import tables
from grader.intake.handed import IntakeError
from grader.intake.spelling import folded, folded_name
from grader.records import Person

# What a column holds -> its headings, in the languages that are understood. Those first that say it best.
HEADINGS = {
    "id": ("id", "identifier", "student_id", "student id", "identifikator", "bezeichner", "identifiant",
           "identificador", "user id"),
    "name": ("name", "full name", "vollständiger name", "nom complet", "nombre completo", "student",
             "nome completo"),
    "first": ("first name", "first_name", "firstname", "given name", "vorname", "prénom", "nombre", "nome"),
    "last": ("last name", "last_name", "lastname", "surname", "family name", "nachname", "nom",
             "nom de famille", "apellido(s)", "apellidos", "cognome"),
    "email": ("email", "e-mail", "email address", "e-mail address", "e-mail-adresse", "mail",
              "adresse de courriel", "adresse e-mail", "courriel", "dirección de correo",
              "dirección de correo electrónico", "dirección email", "correo electrónico"),
    "group": ("group", "groups", "gruppe", "gruppen", "groupe", "groupes", "grupo", "grupos", "team",
              "section"),
    "login": ("username", "user name", "login", "login id", "sis login id", "anmeldename", "benutzername",
              "nom d'utilisateur", "nom d’utilisateur", "nombre de usuario"),
    "other": ("sis user id", "id number", "id-nummer", "matrikelnummer", "numéro d'identification",
              "numéro d’identification", "número de id", "integration id"),
}
ENOUGH = ({"id"}, {"email"}, {"name"}, {"first", "last"}, {"login"})
# Moodle's "Participant 1234", in the site's language
PARTICIPANT = re.compile(r"(?:part[ei]cip|teilnehm|deltag|deelnem|uczestn|участ)[^\d]*(\d+)", re.IGNORECASE)
NOBODY = ("points possible", "manual posting", "student, test")   # Canvas's rows that are nobody's


@dataclass(frozen=True, kw_only=True)
class Listed:
    """Somebody on a roster."""

    person: Person
    ids: frozenset[str] = frozenset()          # in the rosters' own columns; none: `person.id` is another's
    also: frozenset[str] = frozenset()         # user names, e-mails and other numbers, folded
    groups: frozenset[str] = frozenset()       # what stands in their groups' cells, folded
    lists: frozenset[str] = frozenset()        # those of them that may be several groups
    numbered: bool = False                     # Moodle gave the number, for one assignment


def read(paths: Iterable[Path]) -> tuple[Listed, ...]:
    """Everybody on some rosters; who is on several of them, by id and name or by e-mail, once. An id that two
    people have, as Moodle's numbers in two assignments are, stays the first's.

    Raises:
        IntakeError: a file is no roster.
    """
    people: dict[str, Listed] = {}
    at: dict[str, str] = {}                    # e-mail -> id
    for path in paths:
        listed = _listed(path)
        emails = Counter(one.person.email.casefold() for one in listed)
        for one in listed:
            email = one.person.email.casefold()
            key = at.get(email, "") if emails[email] == 1 else ""
            if not key and one.person.id in people and _one_person(people[one.person.id], one):
                key = one.person.id
            both = _together(people.pop(key), one) if key else one
            if both.person.id in people:       # somebody else's
                both = replace(both, person=structs.replace(both.person, id=_free(both, people)))
            people[both.person.id] = both
        known = Counter(one.person.email.casefold() for one in people.values())
        at = {email: key for key, one in people.items()
              if (email := one.person.email.casefold()) and known[email] == 1}
    return tuple(people.values())


def _one_person(old: Listed, new: Listed) -> bool:
    """Is an id that is on two rosters one person's? A number of Moodle's is of one assignment."""
    if not same_name(old.person.name, new.person.name):
        return False
    emails = {one.person.email.casefold() for one in (old, new)} - {""}
    return not (old.numbered or new.numbered) or (
        len(emails) < 2 and bool(words(old.person.name) and words(new.person.name)))


def _free(one: Listed, people: Collection[str]) -> str:
    """An id that nobody has, for somebody whose own is another's too."""
    wanted = one.person.email or f"{one.person.id} ({one.person.name})"
    while wanted in people:
        wanted += "'"
    return wanted


def _together(old: Listed, new: Listed) -> Listed:
    """One person on two rosters: the first that has an id for them says which, each what the other lacks."""
    first, second = (old, new) if old.ids or not new.ids else (new, old)
    person = structs.replace(first.person, name=first.person.name or second.person.name,
                             email=first.person.email or second.person.email,
                             group=first.person.group or second.person.group)
    return replace(first, person=person, ids=old.ids | new.ids, also=old.also | new.also,
                   groups=old.groups | new.groups, lists=old.lists | new.lists,
                   numbered=old.numbered or new.numbered)


def _listed(path: Path) -> list[Listed]:
    """Everybody in one file."""
    table = tables.read(path)
    columns = _columns(table.heads)
    if not any(enough <= columns.keys() for enough in ENOUGH):
        raise IntakeError(
            f"{path}: no roster: its headings are {', '.join(map(repr, table.heads[:8]))}. Understood are "
            "id, name (or first name and last name), email, username and group, and what Moodle, Canvas and "
            "nbgrader call them")
    found = []
    for line, cells in table.rows:
        row = {what: unicodedata.normalize("NFC", cells[at].strip()) for what, at in columns.items()}
        if row.get("name", "").casefold() in NOBODY or (
                not any(row.values()) and any(cell.strip().casefold() in NOBODY for cell in cells)):
            continue
        if one := _one(row):
            found.append(one)
        else:
            raise IntakeError(f"{path}, line {line}: neither id, e-mail, user name nor name")
    if not found:
        raise IntakeError(f"{path}: a roster with nobody on it")
    return _distinct(found, path)


def _columns(heads: Sequence[str]) -> dict[str, int]:
    """What is known of a person -> the number of its column."""
    known = [unicodedata.normalize("NFC", head).casefold().strip("\ufeff ") for head in heads]
    columns = {what: min(((names.index(head), at) for at, head in enumerate(known) if head in names))[1]
               for what, names in HEADINGS.items() if not set(names).isdisjoint(known)}
    if "id" not in columns and "student" in known:     # our own grades.csv: a student is an id
        columns["id"] = known.index("student")
        columns = {what: at for what, at in columns.items() if what == "id" or at != columns["id"]}
    if "first" in columns and "last" in columns:
        columns.pop("name", None)
    return columns


def _one(row: dict[str, str]) -> Listed | None:
    """A row's person; None where it has nothing to call them by."""
    name = row.get("name") or " ".join(filter(None, (row.get("first"), row.get("last"))))
    own = row.get("id", "")
    number = PARTICIPANT.fullmatch(own)
    if number:
        own = number[1]
    called = own or row.get("other", "") or row.get("login", "") or row.get("email", "") or name
    if not called:
        return None
    group = row.get("group", "")
    groups = frozenset({folded(group)} - {""})
    also = {folded(row.get(what, "")) for what in ("login", "other", "email")}
    return Listed(person=Person(id=called, name=name, email=row.get("email", ""), group=group),
                  ids=frozenset({own} - {""}), also=frozenset(also - {""}), groups=groups,
                  lists=frozenset() if number else groups, numbered=bool(number))   # it names one group


def _distinct(found: list[Listed], path: Path) -> list[Listed]:
    """The same, without what stands there twice.

    Raises:
        IntakeError: two people have one id.
    """
    first: dict[str, Listed] = {}
    for one in found:
        other = first.setdefault(one.person.id, one)
        if not same_name(other.person.name, one.person.name):
            raise IntakeError(f"{path}: {other.person.name!r} and {one.person.name!r} both have the id "
                              f"{one.person.id!r}; give each an id of their own")
        if other is not one:
            first[one.person.id] = _together(other, one)
    return list(first.values())


def words(name: str) -> tuple[str, ...]:
    """The words of a name in one order, whoever wrote it: by these two names are the same."""
    return tuple(sorted(folded_name(name.replace(",", " ")).split()))


def same_name(one: str, other: str) -> bool:
    """May these be one person's? Canvas's "schmidtanna" and "Schmidt, Anna" may; so may an unknown name."""
    if not words(one) or not words(other) or words(one) == words(other):
        return True
    return not _bare(one).isdisjoint(_bare(other))


def _bare(name: str) -> set[str]:
    """A name's letters without marks and spaces, beginning with any of its words."""
    plain = unicodedata.normalize("NFKD", name.casefold().replace("_", " ").replace(",", " "))
    parts = ["".join(c for c in word if c.isalnum()) for word in
             "".join(c for c in plain if not unicodedata.combining(c)).split()]
    return {"".join(parts[at:] + parts[:at]) for at in range(len(parts))}
