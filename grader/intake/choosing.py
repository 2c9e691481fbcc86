"""What becomes of every file: for each person and exercise one is graded, or none; others go along, or are
left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from grader.intake import mapping, rules
from grader.intake.beside import gathered
from grader.intake.bundle import LeftOut, cleaned
from grader.intake.claims import Claim
from grader.intake.mapping import Row
from grader.intake.reading import Look, whole
from grader.intake.telling import told
from grader.locale import N_
from grader.records import AnySubmission, NotebookFile, Person, Sentence, Submission, Unclear, Unreadable

MOST = 100               # notebooks of one person that are looked at
SHOWN = 5                # names in one sentence
TOLD = 20                # people in one note
NO_NOTEBOOK = N_("Handed in: %(names)s. No notebook (.ipynb) is among it.")
ONLY_TEXT = N_("Only text was handed in on the course's page, no notebook (.ipynb).")
SEVERAL = N_("Several notebooks could be meant, and no mark is given until it is known which one counts: "
             "%(names)s.")
OUTSIDE = "another exercise than those of --only"
NOT_TOLD = "cannot tell which exercise this is"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the command line says of it."""

    only: tuple[str, ...] = ()       # exercises
    prefer: tuple[str, ...] = ()     # globs


@dataclass(frozen=True, kw_only=True)
class Chosen:
    submissions: tuple[AnySubmission, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]


def chosen(claims: Iterable[Claim], wanted: Wanted) -> Chosen:
    """What of it all is graded, by person and exercise."""
    theirs = defaultdict[str, list[Claim]](list)
    for claim in claims:
        theirs[claim.person.id].append(claim)
    persons = [_Theirs(theirs[key], wanted) for key in sorted(theirs)]
    notes = [note for each in persons for note in each.notes]
    outside = [each.person for each in persons if each.outside and not each.submissions]
    notes += [f"nothing of --only's exercises from {told(outside[at:at + TOLD])}"
              for at in range(0, len(outside), TOLD)]
    return Chosen(submissions=tuple(one for each in persons for one in each.submissions),
                  rows=tuple(row for each in persons for row in each.rows()), notes=tuple(notes))


class _Theirs:
    """One person's files, on their way to what becomes of each."""

    def __init__(self, claims: Sequence[Claim], wanted: Wanted) -> None:
        self.claims = sorted(claims, key=lambda claim: claim.label)
        self.wanted = wanted
        self.became: dict[int, tuple[str, str, str]] = {}   # a claim's id() -> exercise, use, why
        self.submissions: list[AnySubmission] = []
        self.notes: list[str] = []
        found = defaultdict[str, list[Claim]](list)
        for claim in self._notebooks():
            found[claim.exercise].append(claim)
        self._untold(found.pop("", []))
        for exercise, those in sorted(found.items()):
            self._one(exercise, those)
        self._without_a_notebook(set(found))
        self.submissions.sort(key=lambda one: one.exercise)

    @property
    def person(self) -> Person:
        return self.claims[0].person

    @property
    def outside(self) -> bool:
        """Is anything left out for its exercise?"""
        return any(why == OUTSIDE for _, _, why in self.became.values())

    def rows(self) -> list[Row]:
        return [Row(file=claim.label, person=claim.person.id, name=claim.person.name, exercise=exercise,
                    attempt=claim.handed.attempt, handed_in_at=claim.handed.handed_in_at, use=use, why=why)
                for claim in self.claims for exercise, use, why in [
                    self.became.get(id(claim), ("", mapping.LEFT_OUT, _beside(claim)))]]

    def _became(self, claim: Claim, use: str, why: str, exercise: str = "") -> None:
        self.became[id(claim)] = (exercise, use, why)

    def _notebooks(self) -> list[Claim]:
        """Those that may count."""
        found = []
        for claim in self.claims:
            if claim.use in mapping.NOBODYS:
                self._became(claim, claim.use, "as the mapping says", claim.exercise if claim.look else "")
            elif claim.use != mapping.ALONG and (claim.look or claim.use == mapping.GRADED):
                found.append(claim)
        if len(found) > MOST:
            found.sort(key=lambda claim: (claim.use == "", not claim.sure, claim.handed.name.count("/"),
                                          claim.label))
            self.notes.append(f"{self.claims[0].person.id}: {len(found)} notebooks, of which {MOST} are "
                              "looked at, those first that say their exercise and lie in no folder")
            for claim in found[MOST:]:
                self._became(claim, mapping.LEFT_OUT, f"more than {MOST} notebooks of one person",
                             claim.exercise)
        return found[:MOST]

    def _untold(self, those: Sequence[Claim]) -> None:
        for claim in those:
            self._became(claim, mapping.UNCLEAR, NOT_TOLD)
            self.notes.append(f"{claim.label}: left out, {NOT_TOLD}; say it with --exercise")

    def _one(self, exercise: str, those: list[Claim]) -> None:
        """What is graded of one exercise."""
        if self.wanted.only and exercise not in self.wanted.only:
            for claim in those:
                self._became(claim, mapping.LEFT_OUT, OUTSIDE, exercise)
            return
        best, why = rules.best(those, self.wanted.prefer)
        for claim in those:
            if claim not in best:
                self._became(claim, mapping.LEFT_OUT, why[id(claim)], exercise)
        if len(best) > 1:
            self._unclear(exercise, best)
            return
        claim = best[0]
        look = whole(claim.look, claim.handed.file.path) if claim.look else None
        if look is None:             # the mapping says that this is it
            self._unreadable(exercise, [claim])
        elif look.said:
            self._became(claim, mapping.UNREADABLE, look.reason, exercise)
            self.submissions.append(Unreadable(**claim.who, exercise=exercise, path=claim.label,
                                               sha256=look.sha256, reason=look.reason, said=look.said))
        else:
            self._became(claim, mapping.GRADED, _how(claim), exercise)
            self._graded(claim, exercise, look)

    def _graded(self, claim: Claim, exercise: str, look: Look) -> None:
        """A notebook with what goes along: in its own folder and below."""
        within = f"{claim.folder}/" if claim.folder else ""
        along: dict[str, Claim] = {}
        for other in self.claims:
            name = other.handed.name
            if (other is claim or not name.startswith(within) or other.handed.online or other.look
                    or (other.source, other.handed.exercise) != (claim.source, claim.handed.exercise)
                    or other.standing.source_id != claim.standing.source_id):
                continue
            name = name.removeprefix(within)
            if name not in along or _nearer(claim, other, along[name]):
                along[name] = other
        bundle = gathered([(name, other.handed.file.path) for name, other in along.items()], look.notebook)
        taken = {file.name for file in bundle.files}
        out = {name for name, other in along.items()
               if other.use in mapping.NOBODYS and _clean(name) in taken}
        if out:
            bundle = gathered([(name, other.handed.file.path) for name, other in along.items()
                               if name not in out], look.notebook)
            taken = {file.name for file in bundle.files}
        for name, other in along.items():
            if _clean(name) in taken:
                self._became(other, mapping.ALONG, "beside a notebook that is graded")
            elif id(other) not in self.became:
                self._became(other, mapping.LEFT_OUT, _not_taken(name, bundle.notes))
        self.submissions.append(Submission(**claim.who, exercise=exercise, path=claim.label,
                                           sha256=look.sha256, notebook=look.notebook, files=bundle.files,
                                           places=bundle.places, notes=bundle.notes,
                                           released=look.released))
        self.notes += [f"{claim.label}: {note.template % note.values}" for note in bundle.notes]

    def _unclear(self, exercise: str, best: Sequence[Claim]) -> None:
        said = _sentence(SEVERAL, [claim.label for claim in best])
        for claim in best:
            self._became(claim, mapping.UNCLEAR, "nothing says which of several counts", exercise)
        files = tuple(NotebookFile(path=claim.label, sha256=claim.look.sha256 if claim.look else "")
                      for claim in best)
        first = {**best[0].who, "attempt": max(claim.handed.attempt for claim in best)}
        self.submissions.append(Unclear(**first, exercise=exercise, files=files, said=said,
                                        reason=said.template % said.values))
        self.notes.append(f"{best[0].person.id} {exercise}: nothing says which counts of "
                          f"{', '.join(claim.label for claim in best[:SHOWN])}; decide with --prefer or in "
                          "the mapping")

    def _without_a_notebook(self, told: set[str]) -> None:
        """Whoever handed something in, and no notebook: in each download, and for each exercise."""
        groups = defaultdict[tuple[int, str], list[Claim]](list)
        for claim in self.claims:
            groups[claim.source, claim.handed.exercise].append(claim)
        found = defaultdict[str, list[Claim]](list)
        for those in groups.values():
            if any(claim.look or claim.use == mapping.GRADED for claim in those):
                continue
            those = [claim for claim in those if claim.use not in (*mapping.NOBODYS, mapping.ALONG)]
            # what a file's name says beats a guess; what says nothing belongs to the first
            said = sorted({claim.exercise for claim in those if claim.sure})
            for claim in those:
                found[said[0] if said and not claim.sure else claim.exercise].append(claim)
        for exercise, those in sorted(found.items()):
            if not exercise:
                self._nothing(those)
            elif self.wanted.only and exercise not in self.wanted.only:
                for claim in those:
                    self._became(claim, mapping.LEFT_OUT, OUTSIDE)
            elif exercise not in told:
                self._unreadable(exercise, those)

    def _nothing(self, those: Sequence[Claim]) -> None:
        """No notebook, and nobody can tell of which exercise it should have been."""
        names = ", ".join(claim.handed.name for claim in those[:SHOWN])
        for claim in those:
            self._became(claim, mapping.UNCLEAR, f"no notebook, and {NOT_TOLD}")
        self.notes.append(f"{those[0].person.id}: handed in {names}, no notebook (.ipynb), and {NOT_TOLD}; "
                          "say it with --exercise or in the mapping")

    def _unreadable(self, exercise: str, those: Sequence[Claim]) -> None:
        online = all(claim.handed.online for claim in those)
        said = Sentence(template=ONLY_TEXT) if online else _sentence(
            NO_NOTEBOOK, [claim.handed.name for claim in those if not claim.handed.online])
        reason = said.template % said.values
        for claim in those:
            self._became(claim, mapping.UNREADABLE, reason, exercise)
        self.submissions.append(Unreadable(**those[0].who, exercise=exercise, path=those[0].label, sha256="",
                                           reason=reason, said=said))


def _sentence(template: str, names: Sequence[str]) -> Sentence:
    more = f", ... (+{len(names) - SHOWN})" if len(names) > SHOWN else ""
    return Sentence(template=template, values={"names": ", ".join(names[:SHOWN]) + more})


def _how(claim: Claim) -> str:
    """By what it is known of which exercise it is."""
    if claim.use == mapping.GRADED:
        return "as the mapping says"
    return "it says which exercise it is" if claim.sure else "taken to be of this exercise; it does not say"


def _beside(claim: Claim) -> str:
    """Why a file that is no notebook is left out."""
    if claim.handed.online:
        return "text or a link from the course's page"
    return "not beside a notebook that is graded"


def _nearer(notebook: Claim, one: Claim, other: Claim) -> bool:
    """Of two files of one name, does the first go along rather than the second?"""
    def far(claim: Claim) -> tuple[bool, bool, int]:
        return (claim.use != mapping.ALONG, claim.handed.attempt != notebook.handed.attempt,
                -claim.handed.attempt)

    return far(one) < far(other)


def _clean(name: str) -> str:
    """As it is called in the sandbox; "" where it cannot be there."""
    try:
        return cleaned(name)
    except LeftOut:
        return ""


def _not_taken(name: str, notes: Sequence[Sentence]) -> str:
    """Why a file beside a notebook was not taken along."""
    return next((note.template % note.values for note in notes if name in note.values["names"]),
                "passed over beside the notebook")
