"""What an answer needs and this machine has not: its mark is withheld, with what helps.

Decided from the notebook's source and what is installed here. What a kernel says chooses only among the marks
of its own submission, and none can be withheld for ever: only a package waits that is known to be one, only
where the notebook imports it, only until it is installed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from msgspec import structs

from grader.intake import names, packages, pythons
from grader.judge import UNDEFINED
from grader.locale import N_
from grader.records import Cause, Mark, NeedsYou, Sentence, Verdict

PACKAGE = N_("%(package)s is not installed here: `%(command)s`, then run the same command again.")
PYTHON = N_("Graded with Python %(here)s; cell %(cell)s needs Python %(needed)s.")
_UNDEFINED = re.compile(r"name '([^\W\d]\w{0,99})' is not defined")  # what Python says in a NameError
_NO_MODULE = re.compile(r"No module named '([^\W\d]\w{0,99})[\w.]{0,200}'")
_WRONG = (Mark.FAIL, Mark.PARTIAL)


class Need(NamedTuple):
    """What this machine lacks."""

    kind: str                                 # of `NeedsYou`
    template: str
    values: tuple[tuple[str, str], ...]

    @property
    def said(self) -> Sentence:
        return Sentence(template=self.template, values=dict(self.values))

    @property
    def reason(self) -> str:
        return self.template % dict(self.values)


def undefined(v: Verdict) -> str:
    """The name for want of which a check failed; "" where that was not the reason."""
    if v.mark not in _WRONG or v.said is None:
        return ""
    told = v.said.values
    if v.said.template == UNDEFINED:
        return told["name"] if told["name"].isidentifier() else ""
    name = _UNDEFINED.search(told.get("message", "")) if told.get("error") == "NameError" else None
    return name[1] if name else ""


def lacking(notebook: str, named: Iterable[str], files: Iterable[str] = ()) -> dict[str, str]:
    """The known packages that a notebook imports and that are not installed: module -> what pip calls it.

    Args:
        files: the names of what was handed in beside it. A module among them that it imports may import any.
    """
    known, imports = packages.known(named), names.imports(notebook)
    own = {PurePosixPath(file).parts[0].removesuffix(".py") for file in files if file.endswith(".py")}
    wanted = known.keys() if own & imports else known.keys() & imports
    return {module: known[module] for module in sorted(wanted) if not packages.installed(module)}


def missing(notebooks: Iterable[str], named: Iterable[str]) -> dict[str, int]:
    """The well-known packages that notebooks import and that are not installed: what pip calls each -> how
    many notebooks import it, most first."""
    known = {**packages.COMMON, **packages.known(named)}
    found = Counter(known[module] for notebook in notebooks
                    for module in sorted(names.imports(notebook) & known.keys())
                    if not packages.installed(module))
    return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))


def judged(verdicts: Sequence[Verdict], notebook: str, named: Iterable[str],
           files: Iterable[str] = ()) -> tuple[tuple[Verdict, ...], tuple[NeedsYou, ...]]:
    """The verdicts, those withheld that fail for want of something; and what the tutor should see to.

    Args:
        verdicts: as judged from what was observed.
        notebook: the cleaned submission.
        named: the packages that course.toml names.
        files: the names of what was handed in beside it.
    """
    if not any(v.mark in _WRONG for v in verdicts):
        return tuple(verdicts), ()
    missing, newer = lacking(notebook, named, files), pythons.needed(notebook)
    after: list[Verdict] = []
    wanted: dict[Need, list[str]] = {}
    for v in verdicts:
        alone = v.alone and _withheld(v.alone, _need(v.alone, missing, newer, notebook))
        need = _need(v, missing, newer, notebook)
        after.append(_withheld(structs.replace(v, alone=alone), need))
        if need:
            wanted.setdefault(need, []).append(v.id)
    return tuple(after), tuple(
        NeedsYou(kind=need.kind, reason=need.reason, said=need.said, checks=tuple(checks))
        for need, checks in wanted.items())


def _need(v: Verdict, missing: Mapping[str, str], newer: Mapping[int, str], notebook: str) -> Need | None:
    """What a check failed for want of, if it is nothing of the student's."""
    return _package(v, missing, notebook) or _python(v, newer, notebook)


def _package(v: Verdict, missing: Mapping[str, str], notebook: str) -> Need | None:
    """The package for want of which a check failed."""
    if not missing or v.mark not in _WRONG or v.said is None:
        return None
    told = v.said.values.get("message", "") if v.cause is Cause.RAISED else ""
    module = found[1] if (found := _NO_MODULE.search(told)) else ""
    if name := undefined(v):
        imported = names.imported_as(notebook)
        module = imported.get(name, "")
        if not module and v.cause is Cause.RAISED and name not in names.all_bound(notebook):
            module = imported.get("*", "")
    if module not in missing:
        return None
    return Need("package", PACKAGE, (("package", missing[module]),
                                     ("command", packages.remedy([missing[module]]))))


def _python(v: Verdict, newer: Mapping[int, str], notebook: str) -> Need | None:
    """The cell that only a newer Python can read, for want of which a check failed."""
    name = undefined(v) if newer else ""
    sources = dict(names.code_cells(notebook)) if name else {}
    for cell, version in newer.items() if name else ():
        if name in names.binds(sources[cell]):
            return Need("python", PYTHON, (("here", pythons.HERE), ("cell", str(cell + 1)),
                                           ("needed", version)))
    return None


def _withheld(v: Verdict, need: Need | None) -> Verdict:
    return v if need is None else structs.replace(
        v, mark=Mark.GRADER_ERROR, cause=Cause.ENVIRONMENT, points=0.0, message=need.reason, said=need.said,
        advice="", read="", diagnosis=None)
