"""The page that accuracy.py writes: what was found of each exercise, and what that does not show."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from grader.exercise.alarms import allowed_alarms, upper_bound
from grader.exercise.catalog import Exercise

IN_ALL, AT_LEAST = 10_000, 500   # right answers of a course, and of each exercise
DRAWS = 1000
SHOWN = 20   # lost right answers of one exercise
Lines = Sequence[Mapping[str, Any]]
COLUMNS = ("exercise", "right answers tried", "of these lost points", "so of all at most",
           "false alarms: claimed", "measured", "mutants made", "lose points", "right all the same",
           "lose nothing", "wrong solutions", "lose nothing", "named rightly", "named wrongly", "not named",
           "of these as meant")
HEAD = """# How accurate the marks are

{title}.

How often a right answer loses points, how often chance alone costs some, how often a mistake is noticed, and
how often it is named. Written by `scripts/accuracy.py`: measure again, do not edit.

"""
READ = """
## How to read it

- **Right answers**: the exercise's own right solutions in other words: names, order, wrappers, classes, extra
  cells and so on, several changes at once, under a state that a notebook may leave behind (a default dtype,
  gradients switched off, a seed). Each has inputs of its own and went through the sandbox and the judge.
  "At most": if a larger share of such answers lost points, so few losses would be seen in less than 5 % of
  such measurements (Clopper-Pearson).
- **False alarms**: the reference solution with fresh inputs, judged {draws} times. Measured is how many
  checks failed by chance. Claimed is how many would for one submission, on average, by what the checks state.
- **Mutants**: right solutions with one typical mistake, made by machine. "Right all the same": somebody has
  looked at it and written down why it is no mistake.
- **Wrong solutions**: mistakes that people make, written by hand. Named rightly: the report names a mistake,
  and only such as were meant. As meant: no name was meant for it, and it got none.

## What it does not show

- Students write what no machine and no author thought of. The right answers here come from the course's own
  solutions. They are no sample of a class, and the bound holds for answers of this kind only.
- The mistakes are those that the checks were written for, or made from lists of usual ones. A new mistake may
  pass.
- Mutants and draws were judged without the sandbox, and all on this machine: another torch may round
  differently.
- What needs a real GPU was not looked at.
"""

@dataclass(frozen=True, kw_only=True)
class Figures:
    """Of one exercise, or of all."""

    tried: int
    lost: Lines                            # right answers
    claimed: float                         # false alarms for each submission
    alarms: int
    draws: int
    beyond: tuple[str, ...]                # checks with more alarms than claimed, faults
    made: int                              # mutants
    killed: int
    equivalent: int
    surviving: tuple[str, ...]
    flaws: tuple[str, ...]                 # of the list of equivalent mutants, or of right solutions
    unlooked: int                          # wrong solutions, not tried yet
    wrong: Mapping[str, tuple[str, ...]]   # rightly, wrongly, as meant, not, nothing -> files
    seconds: float
    cores: frozenset[int]

    @property
    def flawed(self) -> bool:
        """Is there anything that should not be?"""
        return bool(self.lost or self.beyond or self.surviving or self.flaws or self.wrong["wrongly"]
                    or self.wrong["nothing"])


def figures(exercise: Exercise, found: Mapping[str, Lines]) -> Figures:
    """What was found of an exercise so far.

    Args:
        exercise: Which.
        found: The lines of each part.
    """
    whole = [line for line in found["mutants"] if "made" in line]
    alarms = Counter[str]()
    for line in found["alarms"]:
        alarms.update(line["alarms"])
    draws = sum(line["draws"] for line in found["alarms"])
    lines = [line for part in found.values() for line in part]
    return Figures(
        tried=len(found["answers"]), lost=[line for line in found["answers"] if line["lost"]],
        claimed=sum(check.false_alarms for check in exercise.checks), alarms=alarms.total(), draws=draws,
        beyond=(*(f"{check.id}: {alarms[check.id]} false alarms in {draws}, claimed {check.false_alarms:g}"
                  for check in exercise.checks
                  if alarms[check.id] > allowed_alarms(check.false_alarms, draws)),
                *sorted({fault for line in found["alarms"] for fault in line["faults"]})),
        made=sum(line["made"] for line in whole), killed=sum(line["killed"] for line in whole),
        equivalent=sum(line["equivalent"] for line in whole),
        surviving=tuple(one for line in whole for one in line["surviving"]),
        flaws=tuple(one for line in whole for one in line["flaws"]),
        unlooked=len(list(exercise.folder.glob("wrong/*.py"))) - len(found["wrong"]),
        wrong={kind: tuple(line["file"] for line in found["wrong"] if named(line) == kind)
               for kind in ("rightly", "wrongly", "as meant", "not", "nothing")},
        seconds=sum(line["seconds"] for line in lines), cores=frozenset(line["cores"] for line in lines))


def named(line: Mapping[str, Any]) -> str:
    """What became of a wrong solution: which name its mistake got, or that nobody noticed it."""
    if not line["loses"]:
        return "nothing"
    if line["named"]:
        return "rightly" if set(line["named"]) <= set(line["says"]) else "wrongly"
    return "not" if line["says"] else "as meant"


def page(title: str, all_of: Mapping[str, Figures]) -> str:
    """The whole page.

    Args:
        title: The course's.
        all_of: The figures of each exercise.
    """
    every = list(all_of.values())
    rows = [_row(name, one) for name, one in all_of.items()]
    if len(every) > 1:
        rows.append(_row("**all**", _together(every)))
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in (
        COLUMNS, ("---", *("---:" for _ in COLUMNS[1:])), *rows))
    cores = " or ".join(str(count) for count in sorted(frozenset().union(*(one.cores for one in every))))
    minutes = sum(one.seconds for one in every) / 60
    machine = (f"Measured on {cores or 'no'} cores ({platform.machine()}) with Python "
               f"{platform.python_version()} and torch {torch.__version__}, in {minutes:.0f} minutes.")
    text = "\n".join([table, "", machine, *_missing(all_of), *_findings(all_of)])
    draws = " or ".join(f"{count:,}" for count in sorted({one.draws for one in every}))
    return HEAD.format(title=title) + text + "\n" + READ.format(draws=draws)


def _together(every: Sequence[Figures]) -> Figures:
    """The sums. Of the false alarms too: everybody hands in every exercise."""
    return Figures(
        tried=sum(one.tried for one in every), lost=[line for one in every for line in one.lost],
        claimed=sum(one.claimed for one in every), alarms=sum(one.alarms for one in every),
        draws=min(one.draws for one in every), beyond=(), flaws=(),
        made=sum(one.made for one in every), killed=sum(one.killed for one in every),
        equivalent=sum(one.equivalent for one in every),
        surviving=tuple(line for one in every for line in one.surviving),
        wrong={kind: tuple(file for one in every for file in one.wrong[kind]) for kind in every[0].wrong},
        unlooked=0, seconds=0.0, cores=frozenset())


def _row(name: str, one: Figures) -> tuple[str, ...]:
    wrong = {kind: len(files) for kind, files in one.wrong.items()}
    bound = f"{100 * upper_bound(len(one.lost), one.tried):.2g} %"
    return (name, *_if(one.tried, f"{one.tried:,}", f"{len(one.lost):,}", bound),
            f"{one.claimed:g}", *_if(one.draws, f"{one.alarms} in {one.draws:,}"),
            *_if(one.made, one.made, one.killed, one.equivalent, len(one.surviving)),
            *_if(sum(wrong.values()), sum(wrong.values()), wrong["nothing"], wrong["rightly"],
                 wrong["wrongly"], wrong["not"] + wrong["as meant"], wrong["as meant"]))


def _if(count: int, *values: object) -> Iterator[str]:
    """The values, where there is any measurement behind them."""
    return (str(value) if count else "–" for value in values)


def _missing(all_of: Mapping[str, Figures]) -> Iterator[str]:
    """What was not measured, or not as often as it should be."""
    few = {f"right answers, {AT_LEAST} of each": [n for n, one in all_of.items() if one.tried < AT_LEAST],
           f"draws, {DRAWS:,} of each": [n for n, one in all_of.items() if one.draws < DRAWS],
           "mutants, all of them": [n for n, one in all_of.items() if not one.made],
           "wrong solutions, all of them": [n for n, one in all_of.items() if one.unlooked]}
    said = [f"{what}: {', '.join(names)}" for what, names in few.items() if names]
    if (tried := sum(one.tried for one in all_of.values())) < IN_ALL:
        said.insert(0, f"right answers, {IN_ALL:,} in all: {tried:,} so far")
    if said:
        yield from ("", "**Not everything was measured.** Still to be done:", "",
                    *(f"- {one}" for one in said))


def _findings(all_of: Mapping[str, Figures]) -> Iterator[str]:
    """What should not be, one by one; nothing where there is nothing."""
    found = [f"- {name}: {text}" for name, one in all_of.items() for text in _of(name, one)]
    if found:
        yield from ("", "## What should not be", "", *found)


def _of(name: str, one: Figures) -> Iterator[str]:
    for line in one.lost[:SHOWN]:
        yield (f"a right answer lost {', '.join(line['lost'])}: `{line['of']}` with "
               f"{', '.join(line['rewrites']) or 'no rewrite'}; `{line['ambient'] or 'no ambient state'}`")
    if len(one.lost) > SHOWN:
        yield f"{len(one.lost) - SHOWN} more right answers lost points"
    yield from one.beyond
    if one.surviving:
        yield (f"{len(one.surviving)} mutants lose nothing and nobody has shown that they are right; "
               f"`grader validate {name} --mutants` shows them")
    yield from one.flaws
    yield from (f"`wrong/{file}` is named wrongly" for file in one.wrong["wrongly"])
    yield from (f"`wrong/{file}` loses nothing" for file in one.wrong["nothing"])
