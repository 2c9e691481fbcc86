"""Claims, as a tutor's mapping has them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from grader.intake import mapping
from grader.intake.claims import Claim, Source
from grader.intake.handed import File, Handed, IntakeError
from grader.intake.mapping import Pin, Row
from grader.intake.people import Standing
from grader.intake.reading import looked
from grader.intake.roster import same_name
from grader.intake.rules import moment
from grader.records import Person

EDITED = "as the mapping says"


class Edited:
    """Everybody's claims, and what a mapping makes of them."""

    def __init__(self, sources: Sequence[Source], claims: Sequence[Claim], everybody: dict[str, Person],
                 ignored: dict[str, Row]) -> None:
        self.claims, self.everybody, self.ignored = list(claims), dict(everybody), ignored
        self.places: dict[str, tuple[int, File]] = {
            source.called(file.relative): (number, file) for number, source in enumerate(sources)
            for file in source.tree.files}
        self.files = {*self.places, *ignored}
        self.new: list[str] = []             # people whom only the mapping knows
        self.told: list[str] = []            # lines that contradict themselves
        self.standings = {(claim.source, claim.person.id): claim.standing for claim in claims}

    def follow(self, pins: Sequence[Pin], path: Path) -> None:
        """
        Raises:
            IntakeError: what shall be graded was never read.
        """
        there = defaultdict[str, list[Claim]](list)
        for claim in self.claims:
            there[claim.label].append(claim)
        said = {pin.file for pin in pins}
        self.claims = [claim for claim in self.claims if claim.label not in said]
        for pin in pins:
            if not pin.person:
                self.ignored.setdefault(pin.file, nobodys(pin.file, EDITED))
                continue
            if pin.file not in self.places:
                if pin.use in mapping.NOBODYS:
                    continue
                raise IntakeError(f"{path}, line {pin.line}: {pin.file} cannot be read: "
                                  f"{self.ignored[pin.file].why}")
            self.ignored.pop(pin.file, None)
            self._compare(pin)
            self.claims.append(self._claim(pin, there[pin.file]))

    def _compare(self, pin: Pin) -> None:
        """A line may name one person by the id and another by the name: the id decides, and that is told."""
        known = self.everybody.get(pin.person)
        if known and known.name and pin.name and not same_name(known.name, pin.name):
            self.told.append(f"line {pin.line}: {pin.person} is {known.name}, and the name says {pin.name}: "
                             "the id decides")

    def _claim(self, pin: Pin, there: Sequence[Claim]) -> Claim:
        own = next((claim for claim in there if same(claim.person.id, pin.person)), None)
        base = own or (there[0] if there else self._nobodys(pin))
        if own is None:
            if pin.person not in self.everybody:
                self.everybody[pin.person] = Person(id=pin.person, name=pin.name)
                self.new.append(pin.person)
            person = self.everybody[pin.person]
            standing = self.standings.get((base.source, person.id), Standing(person=person))
            base = replace(base, standing=standing)
        if pin.exercise not in ("", base.exercise):
            base = replace(base, exercise=pin.exercise, sure=True)
        return replace(base, use=pin.use, handed=replace(base.handed, handed_in_at=self._time(pin, base)))

    def _time(self, pin: Pin, base: Claim) -> str:
        """When it was handed in: where the mapping says it anew, the mapping's word."""
        known = base.handed.handed_in_at
        if pin.handed_in_at in ("", known):
            return known
        if moment(pin.handed_in_at) is None:
            self.told.append(f"line {pin.line}: handed_in_at is {pin.handed_in_at!r}, which is not followed: "
                             "write it with its offset, as 2026-11-20T18:12:00+01:00")
            return known
        return pin.handed_in_at

    def _nobodys(self, pin: Pin) -> Claim:
        number, file = self.places[pin.file]
        name = file.relative.rpartition("/")[2]
        person = Person(id=pin.person)
        return Claim(source=number, label=pin.file, standing=Standing(person=person),
                     handed=Handed(person=person, file=file, name=name),
                     look=looked(file.path, name, (pin.exercise,)))


def same(one: str, other: str) -> bool:
    """Are these one id? A spreadsheet takes the zeros from the front of a number."""
    return one == other or (one.isdecimal() and other.isdecimal() and one.lstrip("0") == other.lstrip("0"))


def nobodys(file: str, why: str) -> Row:
    """What becomes of a file that is nobody's."""
    return Row(file=file, person="", name="", exercise="", attempt=0, handed_in_at="", use=mapping.IGNORED,
               why=why)
