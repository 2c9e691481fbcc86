"""Prove an exercise: the reference passes, wrong solutions fail as they say, right ones pass, no check is
dead.

The reference is the whole notebook, which must run to its end in a sandbox. Solutions are made from it: its
first code cell, those that only import, and the cells with solutions, then a file of `wrong/` or `right/` as
a last cell.
"""

from __future__ import annotations

import ast
import gc
import importlib.util
import json
import math
import multiprocessing
import os
import pkgutil
import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from grader import records
from grader.execute.pool import Work, default_jobs, observe_all
from grader.execute.sandbox import Sandbox, SandboxUnavailable
from grader.exercise.catalog import Exercise, ExerciseError, course, known, load
from grader.exercise.inline import as_notebook, observe_inline
from grader.exercise.release import files as released
from grader.exercise.spoil import unnoticed
from grader.intake.clean import clean
from grader.judge import judge
from grader.options import Options
from grader.spec import Check
from grader.wall import messages, wire

HEADER = re.compile(r"^(fails|diagnosis|cause):[ \t]*(.*(?:\n[ \t]+.*)*)", re.MULTILINE)
SOLUTION = "### BEGIN SOLUTION"

# check -> false alarms, times it was judged, what the first one said
Counts = dict[str, tuple[int, int, str]]


@dataclass(frozen=True, kw_only=True)
class Solution:
    """A file of wrong/ or right/ and what its header says."""

    path: Path
    fails: frozenset[str] = frozenset()
    diagnoses: frozenset[str] = frozenset()
    causes: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Row:
    """One check, as proved."""

    check: str
    points: float
    failed_by: int           # wrong solutions
    alarms: int              # times the reference failed it
    draws: int
    bound: float             # one-sided 95 % upper confidence bound of the false-alarm rate
    claimed: float
    first: str = ""          # alarm: its seed and message


@dataclass(frozen=True, kw_only=True)
class Proof:
    exercise: str
    wrong: int
    right: int
    rows: tuple[Row, ...]
    failures: tuple[str, ...] = field(default=())


def validate(options: Options, name: str | None, sandbox: Sandbox | None, *, draws: int,
             told: Callable[[str], None]) -> list[Proof]:
    """Prove one exercise or all."""
    folders = known(options.exercises, options.exercise)
    if name is not None and name not in folders:
        raise ExerciseError(f"there is no exercise {name!r} in {options.exercises}; there are "
                            f"{', '.join(folders)}")
    course(options.exercises)
    with Alarms(draws) as alarms:
        return [prove(load(folders[n]), options, sandbox, alarms, told=told)
                for n in ([name] if name else folders)]


def prove(exercise: Exercise, options: Options, sandbox: Sandbox | None, alarms: Alarms, *,
          told: Callable[[str], None]) -> Proof:
    """Everything `grader validate` says of one exercise."""
    seed = options.seed if options.seed is not None else secrets.randbits(31)
    released(exercise)  # what cannot be handed out need not be proved
    wrong, right = solutions(exercise, "wrong"), solutions(exercise, "right")
    told(f"{exercise.name}: {len(wrong)} wrong and {len(right)} right solutions")
    everyone = [Solution(path=exercise.folder / "notebook.ipynb"), *right, *wrong]
    observed, prepared = _observed(exercise, everyone, options, sandbox, seed), exercise.prepare(seed)
    verdicts = {s: judge(exercise, one, prepared) for s, one in zip(everyone, observed, strict=True)}
    failures = list(dict.fromkeys(f"notebook.ipynb, cell {event.cell + 1}: "
                                  f"{event.error or event.cause.value}: {event.message}"
                                  for seen in observed[0].values() for event in seen.record.run.events))
    failures += [f"{s.path.name}: {problem}" for s in everyone for problem in _problems(s, verdicts[s])]
    told(f"{exercise.name}: spoiled observations, and false alarms over {alarms.draws} draws")
    counted = alarms.begin(exercise, seed)
    failures += unnoticed(exercise, observe_inline(exercise, cells(exercise), exercise.prepare(seed)), seed)
    failed_by = {c.id: sum(c.id in failed(verdicts[s]) for s in wrong) for c in exercise.checks}
    failures += [f"exercise.toml preloads {name}, which there is not" for name in exercise.settings.preload
                 if not _is_module(name)]
    failures += [f"exercise.toml forbids {name}, which there is not" for name in exercise.settings.forbidden
                 if not _is_there(name)]
    failures += [f"{check}: no wrong solution fails it" for check, count in failed_by.items()
                 if not count and not _not_available(verdicts[everyone[0]], check)]
    rows = tuple(_row(check, failed_by[check.id], counted) for check in exercise.checks)
    failures += [f"{row.check}: {row.alarms} false alarms in {row.draws}, claimed {row.claimed:g}"
                 for row in rows if row.alarms > allowed_alarms(row.claimed, row.draws)]
    return Proof(exercise=exercise.name, wrong=len(wrong), right=len(right), rows=rows,
                 failures=tuple(failures))


def solutions(exercise: Exercise, kind: str) -> list[Solution]:
    """The files of wrong/ or right/, in order.

    Raises:
        ExerciseError: a header that is missing or names an unknown check.
    """
    found = []
    for path in sorted((exercise.folder / kind).glob("*.py")):
        header = _header(path)
        if kind == "wrong" and not header.get("fails"):
            raise ExerciseError(f"{path}:1: the docstring needs a line `fails: check, check`")
        fails = header.get("fails", frozenset())
        unknown = fails - {check.id for check in exercise.checks}
        if unknown:
            raise ExerciseError(f"{path}:1: no check is called {', '.join(sorted(unknown))}")
        found.append(Solution(path=path, fails=fails,
                              diagnoses=header.get("diagnosis", frozenset()) - {"none"},
                              causes=header.get("cause", frozenset())))
    return found


def _header(path: Path) -> dict[str, frozenset[str]]:
    try:
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    except SyntaxError as error:
        raise ExerciseError(f"{path}:{error.lineno}: {error.msg}") from error
    return {key: frozenset(filter(None, re.split(r"[,\s]+", value.strip().rstrip("."))))
            for key, value in HEADER.findall(docstring)}


def cells(exercise: Exercise, extra: Path | None = None) -> list[str]:
    """The code cells that make a solution: the first, those that only import, and those with a solution."""
    document = json.loads((exercise.folder / "notebook.ipynb").read_text(encoding="utf-8"))
    code = ["".join(c["source"]) for c in document["cells"] if c["cell_type"] == "code"]
    kept = [source for i, source in enumerate(code) if i == 0 or SOLUTION in source or _imports(source)]
    return kept + ([extra.read_text(encoding="utf-8")] if extra and extra.suffix == ".py" else [])


def _imports(source: str) -> bool:
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return False
    return bool(body) and all(isinstance(node, ast.Import | ast.ImportFrom) for node in body)


def _observed(exercise: Exercise, everyone: list[Solution], options: Options, sandbox: Sandbox | None,
              seed: int) -> list[dict[str, wire.Parcel[messages.Observations]]]:
    if sandbox is None:
        prepared = exercise.prepare(seed)
        return [observe_inline(exercise, cells(exercise, s.path), prepared) for s in everyone]
    observed: list[dict[str, wire.Parcel[messages.Observations]]] = [{} for _ in everyone]
    work = _work(exercise, everyone, seed)
    for (index, world), answer in observe_all(sandbox, work, options.jobs or default_jobs()):
        if isinstance(answer, messages.NotStarted):
            raise SandboxUnavailable(f"the sandbox did not start: {answer.reason}")
        observed[index][world] = answer
    return observed


def _work(exercise: Exercise, everyone: list[Solution], seed: int) -> Iterator[Work]:
    prepared = exercise.prepare(seed)
    for index, solution in enumerate(everyone):
        if solution.path.suffix == ".ipynb":  # the reference: every cell of it is to run to its end
            notebook = clean(solution.path.read_bytes()).notebook
        else:
            notebook = as_notebook(cells(exercise, solution.path))
        yield from exercise.jobs(index, notebook, prepared, seed=seed)


def _is_module(name: str) -> bool:
    """Is there a module of this dotted name?"""
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _is_there(name: str) -> bool:
    """Is there a function of this dotted name?"""
    try:
        return callable(pkgutil.resolve_name(name))
    except (ImportError, AttributeError, ValueError):
        return False


def failed(verdicts: tuple[records.Verdict, ...]) -> set[str]:
    return {v.id for v in verdicts if v.mark is records.Mark.FAIL}


def _not_available(verdicts: tuple[records.Verdict, ...], check: str) -> bool:
    return any(v.id == check and v.mark is records.Mark.NOT_AVAILABLE for v in verdicts)


def _problems(solution: Solution, verdicts: tuple[records.Verdict, ...]) -> Iterator[str]:
    """Where what was judged differs from what the header says."""
    for verdict in verdicts:
        if verdict.mark is records.Mark.GRADER_ERROR:
            yield f"{verdict.id}: {verdict.message}"
        elif verdict.id in solution.fails and verdict.mark is not records.Mark.FAIL:
            yield f"{verdict.id} should fail, it is {verdict.mark.value}"
        elif verdict.id not in solution.fails and verdict.mark is records.Mark.FAIL:
            yield f"{verdict.id} should not fail: {verdict.message}"
        elif not solution.fails and verdict.mark in (records.Mark.NOT_REACHED, records.Mark.PARTIAL):
            yield f"{verdict.id} is {verdict.mark.value}"
    found = {v.diagnosis for v in verdicts if v.diagnosis and v.mark is records.Mark.FAIL}
    if found != solution.diagnoses:
        yield (f"diagnosed as {sorted(found) or 'nothing'}, "
               f"the header says {sorted(solution.diagnoses) or 'nothing'}")
    causes = {v.cause.value for v in verdicts if v.mark is records.Mark.FAIL and v.cause}
    if solution.causes and causes != solution.causes:
        yield f"causes {sorted(causes)}, the header says {sorted(solution.causes)}"


def _row(check: Check, failed_by: int, counted: Sequence[Future[Counts]]) -> Row:
    parts = [part.result()[check.id] for part in counted]
    alarms, draws = sum(part[0] for part in parts), sum(part[1] for part in parts)
    return Row(check=check.id, points=check.points, failed_by=failed_by, alarms=alarms, draws=draws,
               first=next((part[2] for part in parts if part[2]), ""),
               bound=upper_bound(alarms, draws), claimed=check.false_alarms)


class Alarms:
    """Counts how often the reference fails each check, over fresh seeds, in processes of its own."""

    def __init__(self, draws: int) -> None:
        self.draws = draws
        self.workers = min(os.cpu_count() or 1, 8)
        self.pool = ProcessPoolExecutor(self.workers, multiprocessing.get_context("spawn"),
                                        initializer=_settle)

    def begin(self, exercise: Exercise, seed: int) -> list[Future[Counts]]:
        shares = [range(seed + 1 + i, seed + 1 + self.draws, self.workers) for i in range(self.workers)]
        return [self.pool.submit(_count, exercise.folder, share) for share in shares if share]

    def __enter__(self) -> Alarms:
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown(cancel_futures=True)


def _settle() -> None:
    import torch

    torch.set_num_threads(1)
    gc.freeze()  # each step lets the collector go afterwards, and torch's own objects are a long way to walk


def _count(folder: Path, seeds: range) -> Counts:
    exercise = load(folder)
    alarms, draws, first = Counter[str](), Counter[str](), dict[str, str]()
    for seed in seeds:
        prepared = exercise.prepare(seed)
        for verdict in judge(exercise, observe_inline(exercise, cells(exercise), prepared), prepared):
            if verdict.mark is not records.Mark.NOT_AVAILABLE:
                draws[verdict.id] += 1
                if verdict.mark is not records.Mark.PASS:
                    alarms[verdict.id] += 1
                    first.setdefault(verdict.id, f"seed {seed}: {verdict.message or verdict.mark.value}")
    return {check.id: (alarms[check.id], draws[check.id], first.get(check.id, ""))
            for check in exercise.checks}


def upper_bound(count: int, draws: int, *, miss: float = 0.05) -> float:
    """One-sided Clopper-Pearson bound: the rate at which `count` alarms or fewer have probability `miss`."""
    if count >= draws:
        return 1.0
    low, high = count / draws, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(count, draws, middle) > miss else (low, middle)
    return high


def allowed_alarms(claimed: float, draws: int) -> int:
    """The most alarms that a true rate of `claimed` brings but once in 10^4 validations; 0 where nothing is
    drawn."""
    count = 0
    while claimed and _at_most(count, draws, claimed) < 1 - 1e-4:
        count += 1
    return count


def _at_most(count: int, draws: int, rate: float) -> float:
    """P(Binomial(draws, rate) <= count)."""
    if rate >= 1.0:
        return float(count >= draws)
    return sum(math.exp(math.lgamma(draws + 1) - math.lgamma(k + 1) - math.lgamma(draws - k + 1)
                        + k * math.log(rate) + (draws - k) * math.log1p(-rate)) for k in range(count + 1))
