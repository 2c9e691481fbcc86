"""What is unchanged stays; what is changed is run again, or only judged again, and nothing else is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import grader
from grader import commands, records
from grader.execute.opening import open_sandbox
from grader.execute.sandbox import Sandbox
from grader.exercise.catalog import ExerciseError, load
from grader.keep import processes, unchanged
from grader.keep.gradebook import Gradebook
from grader.options import Options
from grader.pipeline import Conditions
from grader.report import console
from grader.wall.messages import NotStarted
from tests.conftest import CELLS, CHECKS, TOML, write_exercise
from tests.notebooks import notebook

PACKAGE = Path(grader.__file__).parent
GENEROUS = "expect_tensor(seen.value, 2 * x,", "expect_tensor(seen.value, seen.value,"
LIMIT = "[limits]\ncall_seconds = 9.0\n"
NOTHING = "0 to grade, 3 unchanged, 0 judged again"
MENDED = "bo doubling: 2 -> 5 / 6 (values fail -> pass, untouched not-reached -> fail)"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with open_sandbox() as sandbox:
        yield sandbox


class Told(list[str]):
    """A watcher who writes down what the grader means to do, and whose mark changes."""

    def begin(self, total: int, unchanged: int, judged_again: int = 0) -> None:
        self.append(f"{total} to grade, {unchanged} unchanged, {judged_again} judged again")

    def graded(self, result: records.Result) -> None:
        self.append(f"graded {result.student}")

    def judged_again(self, before: records.Result, after: records.Result) -> None:
        self += filter(None, [console.change(before, after)])

    def note(self, text: str) -> None:
        self.append(text)


def batch(root: Path, sandbox: Sandbox) -> list[str]:
    told = Told()
    options = Options(exercises=root / "exercises", seed=5)
    commands.batch([root / "in"], root / "out", options, sandbox, told)
    assert told.pop(0) == "folders, 3 students"
    return told


def rejudge(root: Path, given: Path | None = None, *, apply: bool = True) -> list[str]:
    told = Told()
    commands.rejudge(root / "out", given or root / "exercises", told, apply=apply)
    return told


def observed(root: Path) -> dict[str, int]:
    """Whose observations are stored, and when they were written."""
    return {path.parent.name: path.stat().st_mtime_ns for path in (root / "out").glob("observations/*/*")}


def marks(root: Path) -> dict[str, float | None]:
    with Gradebook(root / "out" / "gradebook.sqlite") as book:
        return {result.student: result.score for result in book.results()}


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Path:
    """A class of three, graded once; tests take copies."""
    root = tmp_path_factory.mktemp("graded")
    write_exercise(root / "exercises" / "doubling")
    for student, text in (("ada", notebook(*CELLS)), ("cy", "not a notebook"),
                          ("bo", notebook(*CELLS, "def double(x):\n    return x * x"))):
        (root / "in" / student).mkdir(parents=True)
        (root / "in" / student / "doubling.ipynb").write_text(text)
    assert batch(root, sandbox)[0] == "3 to grade, 0 unchanged, 0 judged again"
    assert marks(root) == {"ada": 6.0, "bo": 2.0, "cy": 0.0}
    return root


@pytest.fixture
def root(graded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(graded, tmp_path / "again"))


def test_where_nothing_has_changed_nothing_is_run_and_nothing_is_judged(root: Path, sandbox: Sandbox) -> None:
    (root / "exercises" / "doubling" / "wrong" / "squares.py").write_text("")  # decides no mark
    before = observed(root)
    assert batch(root, sandbox) == [NOTHING]
    assert observed(root) == before


def test_a_mended_check_judges_again_and_says_whose_mark_changed(root: Path, sandbox: Sandbox) -> None:
    before = observed(root)
    (root / "exercises" / "doubling" / "checks.py").write_text(CHECKS.replace(*GENEROUS))
    assert batch(root, sandbox) == [MENDED, "0 to grade, 0 unchanged, 3 judged again"]
    assert (observed(root), marks(root)) == (before, {"ada": 6.0, "bo": 5.0, "cy": 0.0})
    assert batch(root, sandbox) == [NOTHING]


def test_after_rejudge_a_batch_has_nothing_to_do(root: Path, sandbox: Sandbox) -> None:
    before, executed = observed(root), root / "out" / "bo" / "doubling.ipynb"
    ran = executed.read_bytes()
    (root / "exercises" / "doubling" / "checks.py").write_text(CHECKS.replace(*GENEROUS))
    assert rejudge(root) == [MENDED]
    assert marks(root)["bo"] == 5.0
    assert executed.read_bytes() == ran, "it is not among what was observed, and stays"
    assert batch(root, sandbox) == [NOTHING]
    assert observed(root) == before


def test_what_is_judged_as_before_keeps_its_pages_and_has_no_event(root: Path, sandbox: Sandbox) -> None:
    def written() -> dict[str, int]:
        return {name: (root / "out" / name / "doubling.html").stat().st_mtime_ns for name in ("ada", "bo")}

    def events() -> dict[str, list[str]]:
        with Gradebook(root / "out" / "gradebook.sqlite") as book:
            return {name: [one.what for one in book.desk.events(student=name)] for name in ("ada", "bo")}

    pages, before = written(), events()
    (root / "exercises" / "doubling" / "checks.py").write_text(CHECKS.replace(*GENEROUS))
    assert rejudge(root) == [MENDED]
    assert {name for name, at in written().items() if at != pages[name]} == {"bo"}
    assert "5 / 6" in (root / "out" / "bo" / "doubling.md").read_text()
    assert events() == {"ada": before["ada"], "bo": [*before["bo"], "rejudged"]}


@pytest.mark.parametrize("jobs", [1, 2])
def test_several_processes_judge_as_one(root: Path, monkeypatch: pytest.MonkeyPatch, jobs: int) -> None:
    monkeypatch.setattr(processes, "FEW", 1)
    monkeypatch.setattr(processes, "default_jobs", lambda: jobs)
    (root / "exercises" / "doubling" / "checks.py").write_text(CHECKS.replace(*GENEROUS))
    (root / "out" / "observations" / "ada" / "doubling.plain.parcel").unlink()
    told = rejudge(root)
    assert (told[0], len(told)) == (MENDED, 2)
    assert told[1].startswith("ada doubling: keeps its mark")
    assert marks(root) == {"ada": 6.0, "bo": 5.0, "cy": 0.0}
    assert rejudge(root)[:-1] == []


def test_rejudge_writes_nothing_until_it_is_told_to(root: Path, sandbox: Sandbox) -> None:
    book = (root / "out" / "gradebook.sqlite").read_bytes()
    page = (root / "out" / "bo" / "doubling.html").read_bytes()
    (root / "exercises" / "doubling" / "checks.py").write_text(CHECKS.replace(*GENEROUS))
    assert rejudge(root, apply=False) == [MENDED]
    assert marks(root)["bo"] == 2.0
    assert (root / "out" / "bo" / "doubling.html").read_bytes() == page
    assert (root / "out" / "gradebook.sqlite").read_bytes() == book
    assert batch(root, sandbox) == [MENDED, "0 to grade, 0 unchanged, 3 judged again"]


def test_rejudge_remembers_the_exercises_and_another_folder_wins(root: Path, tmp_path: Path,
                                                                 sandbox: Sandbox) -> None:
    other = shutil.copytree(root / "exercises", tmp_path / "other")
    with Gradebook(root / "out" / "gradebook.sqlite") as book:
        book.set_batch_value("exercises", str(root / "exercises"))  # where this copy has them
    (root / "exercises" / "doubling" / "checks.py").write_text(CHECKS.replace(*GENEROUS))
    told = Told()
    commands.rejudge(root / "out", None, told, apply=False)
    assert told == [MENDED]
    assert rejudge(root, other, apply=False) == []
    shutil.rmtree(root / "exercises")
    with pytest.raises(ExerciseError, match=r"are not in .* any more: say where they are with --exercises"):
        commands.rejudge(root / "out", None, told, apply=False)
    (tmp_path / "empty" / "tripling").mkdir(parents=True)
    shutil.copytree(other / "doubling", tmp_path / "empty" / "tripling", dirs_exist_ok=True)
    assert rejudge(root, tmp_path / "empty", apply=False) == [
        "doubling: not judged again, there is no such exercise; say where it is with --exercises"]


def test_a_batch_remembers_its_exercises(root: Path) -> None:
    with Gradebook(root / "out" / "gradebook.sqlite") as book:
        assert Path(book.batch_values()["exercises"]).name == "exercises"


def test_a_check_that_breaks_withholds_and_once_mended_judges_again(root: Path, sandbox: Sandbox) -> None:
    before, checks = observed(root), root / "exercises" / "doubling" / "checks.py"
    checks.write_text(CHECKS.replace("    x = seen.given", "    x = unheard_of.given"))
    assert batch(root, sandbox)[-1] == "0 to grade, 0 unchanged, 3 judged again"
    assert marks(root) == {"ada": None, "bo": None, "cy": 0.0}
    assert batch(root, sandbox) == ["0 to grade, 1 unchanged, 2 judged again"], "for want of a mark"
    checks.write_text(CHECKS)
    assert batch(root, sandbox)[-1] == "0 to grade, 0 unchanged, 3 judged again"
    assert (observed(root), marks(root)) == (before, {"ada": 6.0, "bo": 2.0, "cy": 0.0})


@pytest.mark.parametrize(("file", "text"), [
    ("probes.py", ('namespace["halve"](x)', 'namespace["halve"](x + 0)')),
    ("exercise.toml", (TOML, f"{TOML}{LIMIT}")),
], ids=["a probe", "a limit"])
def test_what_is_observed_otherwise_is_run_again(root: Path, sandbox: Sandbox, file: str,
                                                 text: tuple[str, str]) -> None:
    before, path = observed(root), root / "exercises" / "doubling" / file
    assert text[0] in path.read_text()
    path.write_text(path.read_text().replace(*text))
    left = [line for line in rejudge(root) if "not judged again" in line]
    assert [line.split()[0] for line in left] == ["ada", "bo"], "they would answer what was never asked"
    first, *then = batch(root, sandbox)
    assert (first, set(then)) == ("2 to grade, 1 unchanged, 0 judged again", {"graded ada", "graded bo"})
    assert not set(observed(root).values()) & set(before.values())


def test_observations_that_are_missing_or_cannot_be_read_are_made_again(root: Path,
                                                                        sandbox: Sandbox) -> None:
    before = observed(root)
    (root / "out" / "observations" / "bo" / "doubling.plain.parcel").unlink()
    (root / "out" / "observations" / "ada" / "doubling.plain.parcel").write_bytes(b"garbled")
    (root / "exercises" / "doubling" / "checks.py").write_text(CHECKS.replace(*GENEROUS))
    assert batch(root, sandbox)[0] == "2 to grade, 0 unchanged, 1 judged again"
    assert marks(root) == {"ada": 6.0, "bo": 5.0, "cy": 0.0}
    assert not set(observed(root).values()) & set(before.values())


def test_another_notebook_is_run_and_no_other(root: Path, sandbox: Sandbox) -> None:
    (root / "in" / "bo" / "doubling.ipynb").write_text(notebook(*CELLS))
    assert batch(root, sandbox) == ["1 to grade, 2 unchanged, 0 judged again", "graded bo"]
    assert marks(root)["bo"] == 6.0


def test_where_no_sandbox_starts_an_earlier_notebooks_observations_do_not_count(
        root: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "in" / "bo" / "doubling.ipynb").write_text(notebook(*CELLS))
    with monkeypatch.context() as patch:
        patch.setattr(sandbox, "run", no_room)
        batch(root, sandbox)
    assert marks(root)["bo"] is None
    assert [line.split()[0] for line in rejudge(root)] == ["bo"]
    assert marks(root)["bo"] is None
    assert batch(root, sandbox) == ["1 to grade, 2 unchanged, 0 judged again", "graded bo"]
    assert marks(root)["bo"] == 6.0


def test_where_no_sandbox_starts_what_another_observed_does_not_count(
        root: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "name", "of another kind")
    with monkeypatch.context() as patch:
        patch.setattr(sandbox, "run", no_room)
        batch(root, sandbox)
    assert marks(root) == {"ada": None, "bo": None, "cy": 0.0}
    assert batch(root, sandbox)[0] == "2 to grade, 1 unchanged, 0 judged again"


def no_room(*_: object) -> NotStarted:
    return NotStarted(reason="no room")


@pytest.mark.parametrize(("change", "kind"), [
    ({}, ""), ({"seed": 6}, "question"), ({"sandbox": "bubblewrap"}, "observed"),
    ({"device": "cuda (Tesla T4)"}, "observed"),
    ({"toml": ('["torch.mul"]', '["torch.mul", "torch.add"]')}, "question"),
    ({"toml": ("version", "preload = ['random']\nversion")}, "question"),
    ({"toml": ("Doubling", "Twice")}, "judged"),
    ({"checks": ("normal(5)", "normal(5, std=2.0)")}, "question"),
    ({"checks": ("times=2", "times=3")}, "question"),
    ({"checks": ('hint="Divide."', 'hint="Halve."')}, "judged"),
    ({"checks": ("rtol=1e-6", "rtol=1e-5")}, "judged"),
    ({"probes": ("import", "import")}, ""), ({"probes": ("def halves", "# why\ndef halves")}, "question"),
    ({"notebook": notebook(*CELLS, "1 + 1")}, "question"),
], ids=lambda value: str(value)[:40])
def test_a_fingerprint_covers_what_decides(tmp_path: Path, change: dict[str, Any], kind: str) -> None:
    before, after = (fingerprints(write_exercise(tmp_path / name / "doubling"), **changes)
                     for name, changes in (("a", {}), ("b", change)))
    differ = [name for name in ("question", "observed", "judged")
              if getattr(before, name) != getattr(after, name)]
    if kind == "question":  # a changed file is judged again as well, for it may hold expectations
        assert differ[:2] == ["question", "observed"]
    else:
        assert differ == ([kind] if kind else [])


def fingerprints(folder: Path, **changes: Any) -> unchanged.Fingerprints:
    for name in ("checks.py", "exercise.toml", "probes.py"):
        old, new = changes.get(name.split(".")[name == "exercise.toml"], ("", ""))
        (folder / name).write_text((folder / name).read_text().replace(old, new) if old else
                                   (folder / name).read_text())
    chosen: dict[str, Any] = {"seed": 5, "sandbox": "process", "device": "cpu"}
    chosen.update({name: changes[name] for name in chosen if name in changes})
    submission = records.Submission(student="ada", exercise="doubling", path="p", sha256="s",
                                    notebook=changes.get("notebook", notebook(*CELLS)))
    return unchanged.Today(Conditions.drawn({"doubling": load(folder)}, **chosen)).fingerprints(submission)


def test_a_line_of_the_judge_judges_again_and_a_template_does_not(root: Path, tmp_path: Path) -> None:
    """The package that grades now is another one, elsewhere."""
    shutil.copytree(PACKAGE, tmp_path / "grader", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(PACKAGE.parent / "templates", tmp_path / "templates")
    before = observed(root)
    judge, template = tmp_path / "grader" / "judge.py", tmp_path / "templates" / "base.html.j2"
    template.write_text(template.read_text().replace("<body", "<body data-other"))
    assert "0 to grade, 3 unchanged\n" in elsewhere(tmp_path, root)
    award = "points=check.points if mark is records.Mark.PASS else 0.0"
    assert award in judge.read_text()
    judge.write_text(judge.read_text().replace(award, award.replace("0.0", "1.0")))
    told = elsewhere(tmp_path, root)
    assert "bo doubling: 2 -> 4 / 6 (values 0 -> 1, untouched 0 -> 1)\n" in told
    assert "0 to grade, 0 unchanged, 3 judged again\n" in told
    assert "data-other" in (root / "out" / "bo" / "doubling.html").read_text(), "it is that copy that runs"
    assert observed(root) == before


def elsewhere(package: Path, root: Path) -> str:
    """What a batch with another copy of the package says."""
    done = subprocess.run([sys.executable, "-m", "grader", "batch", root / "in", "--out", root / "out",
                           "--exercises", root / "exercises"], check=True,
                          capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(package)},
                          cwd=package)
    return done.stderr


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the package, from which digests are taken."""
    copy = shutil.copytree(PACKAGE, tmp_path / "grader", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(grader, "__file__", str(copy / "__init__.py"))
    yield copy
    unchanged.sources.cache_clear()


def digests() -> tuple[str, str]:
    unchanged.sources.cache_clear()
    return unchanged.sources(unchanged.OBSERVING), unchanged.sources(unchanged.JUDGING)


@pytest.mark.parametrize(("file", "observing", "judging"), [
    ("inside/kernel/calls.py", True, False), ("inside/runner/seccomp.py", True, False),
    ("execute/pool.py", True, False), ("wall/wire.py", True, True), ("judge.py", False, True),
    ("spec/statistics.py", False, True), ("records.py", False, True), ("results.py", False, True),
    ("pipeline.py", False, True), ("exercise/catalog.py", False, True), ("report/page.py", False, False),
    ("commands.py", False, False), ("export/csv.py", False, False), ("keep/gradebook.py", False, False),
])
def test_a_line_of_our_own_code_counts_where_it_decides(copied: Path, file: str, observing: bool,
                                                        judging: bool) -> None:
    before = digests()
    (copied / file).write_text((copied / file).read_text() + "\nx = 1\n")
    after = digests()
    assert (before[0] != after[0], before[1] != after[1]) == (observing, judging)


def test_what_decides_is_the_same_wherever_it_is_installed(copied: Path,
                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    (copied / "wall" / "__pycache__").mkdir()
    (copied / "wall" / "__pycache__" / "wire.cpython-311.pyc").write_bytes(b"bytecode")
    here = digests()
    monkeypatch.setattr(grader, "__file__", str(PACKAGE / "__init__.py"))
    assert digests() == here
    (copied / "wall" / "wire.py").rename(copied / "wall" / "wires.py")
    monkeypatch.setattr(grader, "__file__", str(copied / "__init__.py"))
    assert digests() != here, "a file's name counts, too"
