"""What an answer needs and this machine lacks: its mark waits, and nobody can make one wait for ever."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

from grader import environment
from grader.exercise.catalog import load
from grader.exercise.inline import CellStopError, observe_inline
from grader.intake import names, packages, pythons
from grader.judge import LOST, RAISED_WITH
from grader.records import Cause, Mark, Sentence, Verdict
from grader.wall.messages import LossCause, Returned
from tests.conftest import CELLS, write_exercise
from tests.notebooks import notebook
from tests.test_pipeline import rows, run, submit

ROOT = Path(__file__).resolve().parent.parent
PACKAGE, MODULE = "certainly-not-there", "certainly_not_there"
ALONE = "--seed", 5, "--sandbox", "process", "--jobs", 1
USING = f"def double(x):\n    return {MODULE}.twice(x)"


def raised(error: str, message: str, id: str = "a") -> Verdict:
    said = Sentence(template=RAISED_WITH, values={"name": "f", "error": error, "message": message})
    return Verdict(id=id, title="a", mark=Mark.FAIL, cause=Cause.RAISED, points=0, max_points=3, said=said)


def missing(name: str) -> Verdict:
    said = Sentence(template=LOST[LossCause.MISSING], values={"name": name})
    return Verdict(id="m", title="m", mark=Mark.FAIL, cause=Cause.MISSING, points=0, max_points=1, said=said)


PASSED = Verdict(id="p", title="p", mark=Mark.PASS, points=1, max_points=1)
NO_MODULE = raised("ModuleNotFoundError", f"No module named '{MODULE}'")


def test_the_extra_is_the_list_of_packages_for_which_a_mark_waits() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extra = {line.partition(">")[0] for line in project["optional-dependencies"]["notebooks"]}
    assert set(packages.known().values()) == set(packages.NOTEBOOKS.values()) == extra


def test_a_course_names_packages_as_pip_does() -> None:
    known = packages.known(["opencv-python", "my-lib", "PyYAML"])
    assert {"cv2": "opencv-python", "my_lib": "my-lib", "yaml": "PyYAML"}.items() <= known.items()


@pytest.mark.parametrize("verdict", [
    NO_MODULE, raised("ModuleNotFoundError", f"No module named '{MODULE}.linalg'"),
    raised("NameError", f"name '{MODULE}' is not defined")])
def test_a_check_that_fails_for_want_of_a_known_package_is_withheld(verdict: Verdict) -> None:
    checks, needs = environment.judged([PASSED, verdict], notebook(f"import {MODULE}"), [PACKAGE])
    assert [(v.mark, v.cause) for v in checks] == [(Mark.PASS, None), (Mark.GRADER_ERROR, Cause.ENVIRONMENT)]
    assert [(need.kind, need.checks) for need in needs] == [("package", (verdict.id,))]
    assert needs[0].reason == (f"{PACKAGE} is not installed here: `pip install {PACKAGE}`, then run the same "
                               "command again.")


@pytest.mark.parametrize(("source", "verdict", "named"), [
    (f"import {MODULE}", NO_MODULE, []),                                            # nobody knows it
    ("import torch", NO_MODULE, [PACKAGE]),                                         # it is not imported
    (f"# import {MODULE}\n'''\nimport {MODULE}\n'''", NO_MODULE, [PACKAGE]),        # nor here
    (f"import {MODULE}", raised("ValueError", "a mistake"), [PACKAGE]),             # another reason
    (f"import {MODULE}", raised("ModuleNotFoundError", "No module named 'trch'"), [PACKAGE]),
    (f"import {MODULE}", raised("NameError", "name 'x' is not defined"), [PACKAGE]),
    ("import torch", raised("ModuleNotFoundError", "No module named 'torch'"), ["torch"])])  # it is there
def test_everything_else_stays_the_students(source: str, verdict: Verdict, named: list[str]) -> None:
    assert environment.judged([verdict], notebook(source), named) == ((verdict,), ())


def test_a_module_of_the_students_own_may_need_a_package() -> None:
    text = notebook("from my_part import f")
    for file, waits in ("my_part.py", True), ("my_part/a.py", True), ("other.py", False), ("my_part", False):
        _, needs = environment.judged([NO_MODULE], text, [PACKAGE], [file])
        assert bool(needs) is waits, file
    assert MODULE in packages.lacking(text, [PACKAGE], ["my_part.py"])
    assert MODULE not in packages.lacking(text, [PACKAGE], ["data.csv"])


def test_a_name_may_be_one_of_all_that_a_package_brings() -> None:
    star, verdict = f"from {MODULE} import *", raised("NameError", "name 'erf' is not defined")
    assert environment.judged([verdict], notebook(star), [PACKAGE])[1]
    assert not environment.judged([verdict], notebook(star, "erf = 3"), [PACKAGE])[1]
    assert not environment.judged([missing("double")], notebook(star), [PACKAGE])[1]


def test_a_notebook_that_needs_no_package_for_an_answer_keeps_its_mark() -> None:
    assert environment.judged([PASSED], notebook(f"import {MODULE}"), [PACKAGE]) == ((PASSED,), ())


@pytest.mark.parametrize(("source", "version"), [
    ('def f(d):\n    return f"{d["k"]:>{d["w"]}}"', 12), ("def f[T](x: T) -> T:\n    return x", 12),
    ("type Pair = tuple[int, int]\nf = 3", 12), ("def f[T = int](x: T): pass", 13),
    ("def f():\n    try:\n        pass\n    except TypeError, ValueError:\n        pass", 14),
    ('f = t"{1}"', 14), ('%matplotlib inline\nawait g()\nf = f"{"a" + "b"}"', 12)])
def test_a_cell_for_a_newer_python_is_withheld(source: str, version: int) -> None:
    here = int(pythons.HERE.partition(".")[2])
    checks, needs = environment.judged([missing("f")], notebook("import torch", source), [])
    if here >= version:
        assert needs == ()
        return
    assert [(v.mark, v.cause) for v in checks] == [(Mark.GRADER_ERROR, Cause.ENVIRONMENT)]
    assert [need.kind for need in needs] == ["python"]
    assert needs[0].reason == f"Graded with Python {pythons.HERE}; cell 2 needs Python 3.{version}."


@pytest.mark.parametrize("source", [
    "def f(:\n    pass", "f = = 3", "f = 1\nprint 'f'", "def f():\nreturn 1", "f = (1,", 'f = f"{d["k"]',
    "f = 3\nreturn", 'f = f"{d["k"] b}"', 'f = f"{d["k"]}{}"', 'f = f"{d["k"]}"\nprint "f"',
    "f = " + "-" * 90_000 + "f x", "f = 1\n" + 'f"{' * 30_000, "%%html\n<b>f</b>", "f = f" + "(" * 300,
    "type f = = 3", "f = 1\n" + "x" * 200_000 + " f f"], ids=lambda source: source[:12])
def test_a_mistake_is_one_in_every_python(source: str) -> None:
    verdict = missing("f")
    assert environment.judged([verdict], notebook(source), []) == ((verdict,), ())


def test_a_newer_cell_withholds_only_what_it_was_to_define() -> None:
    newer = 'def g(d):\n    return f"{d["k"]}"'
    assert environment.judged([missing("f")], notebook(newer), []) == ((missing("f"),), ())


def test_imports_are_read_wherever_they_stand() -> None:
    text = notebook("import a.b, c as d\nfrom e.f import (\n    g,\n    h)",
                    "def f():\n    import i; from j import k",
                    "%matplotlib inline\n!pip install z\nif 1:\n    import l", "%%capture\nimport m",
                    "broken = = 1\nimport n, o as p\nfrom q import r", "from . import s\n'''\nimport t\n'''",
                    "%%html\nimport u", "files = !ls\nimport v\nv?")
    assert names.imports(text) == {"a", "c", "e", "i", "j", "l", "m", "n", "o", "q", "v"}


def course(tmp_path: Path, listed: str = f'packages = ["{PACKAGE}"]') -> Path:
    folder = write_exercise(tmp_path / "exercises" / "doubling").parent
    (folder / "course.toml").write_text(f'title = "A course"\n{listed}\n[[exercise]]\nname = "doubling"\n')
    return folder


def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the package where Python finds it; a kernel without a wall does too."""
    place = tmp_path / "site"
    place.mkdir()
    (place / f"{MODULE}.py").write_text("def twice(x):\n    return x + x\n")
    monkeypatch.syspath_prepend(place)
    monkeypatch.setenv("PYTHONPATH", f"{place}:{ROOT}")
    packages.installed.cache_clear()


def test_a_mark_waits_until_the_package_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, out = course(tmp_path), tmp_path / "out"
    handed = submit(tmp_path, ada=notebook(f"import {MODULE}\n{CELLS[0]}", *CELLS[1:], USING),
                    bo=notebook(f"import {MODULE}\n{CELLS[0]}", *CELLS[1:]),
                    cy=notebook(f"import {MODULE}s\n{CELLS[0]}", *CELLS[1:]))
    words = "batch", handed, "--out", out, "--exercises", folder, *ALONE
    first = run(*words)
    assert first.exit_code == 1, first.output
    assert f"not installed here: {PACKAGE} (in 2 notebooks)" in first.output
    assert f"pip install {PACKAGE}" in first.output
    found = rows(out)
    assert [(row["status"], row["score"]) for row in found.values()] == [
        ("withheld", None), ("graded", 6.0), ("graded", 6.0)]
    ada = found["ada"]
    assert [need["kind"] for need in ada["needs_you"]] == ["package"]  # type: ignore[attr-defined]
    assert "needs-you" in (out / "index.html").read_text()
    assert f"<code>pip install {PACKAGE}</code>" in (out / "index.html").read_text()
    assert "Skipped on the grading machine" in (out / "bo/doubling.html").read_text()
    assert "0 to grade" in run(*words).output, "nothing has changed"
    install(tmp_path, monkeypatch)
    again = run(*words)
    assert again.exit_code == 0, again.output
    assert [row["score"] for row in rows(out).values()] == [6.0, 6.0, 6.0]
    packages.installed.cache_clear()


def test_a_tutor_may_mark_what_waits(tmp_path: Path) -> None:
    folder, out = course(tmp_path), tmp_path / "out"
    handed = submit(tmp_path, ada=notebook(f"import {MODULE}", *CELLS, USING))
    run("batch", handed, "--out", out, "--exercises", folder, *ALONE)
    assert rows(out)["ada"]["status"] == "withheld"
    done = run("override", out, "ada", "doubling", "values", "--points", 0)
    assert done.exit_code == 0, done.output
    row = rows(out)["ada"]
    assert (row["status"], row["score"], row.get("needs_you", [])) == ("graded", 2.0, [])


def test_the_doctor_reads_what_notebooks_import(tmp_path: Path) -> None:
    folder = course(tmp_path)
    handed = submit(tmp_path, ada=notebook(f"import {MODULE}"),
                    bo=notebook(f"from {MODULE}.x import y", "import"))
    found = run("doctor", handed, "--exercises", folder)
    assert found.exit_code == 1
    assert found.output.splitlines() == [f"not installed here: {PACKAGE} (in 2 notebooks)",
                                         f"to install what is missing: pip install {PACKAGE}"]
    nothing = run("doctor", submit(tmp_path / "b", ada=notebook("import torch")), "--exercises", folder)
    assert (nothing.exit_code, nothing.output) == (0, "what these notebooks import is installed here\n")


def test_the_question_is_the_same_until_a_package_that_is_named_comes(tmp_path: Path) -> None:
    exercise = load(course(tmp_path) / "doubling")
    prepared = exercise.prepare(5)
    jobs = [next(iter(exercise.jobs(0, text, prepared))).job.lacking
            for text in (notebook(USING), notebook("import torch"))]
    assert jobs == [(MODULE,), ()]


def test_a_solution_that_runs_in_this_process_loses_no_cell_either(tmp_path: Path) -> None:
    exercise = load(course(tmp_path) / "doubling")
    cells = [f"from __future__ import annotations\nimport {MODULE} as w\nrun = w.init()\n"
             "def f(x: Nowhere): return x", *CELLS]
    found = observe_inline(exercise, cells, exercise.prepare(5))
    assert all(isinstance(outcome, Returned) for outcome in found["plain"].record.outcomes.values())
    with pytest.raises(CellStopError, match="ModuleNotFoundError"):
        observe_inline(exercise, [f"import {MODULE}s", *CELLS], exercise.prepare(5))


def test_a_notebook_is_parsed_once_however_many_checks_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = list[int]()
    tree = names.tree

    def counted(source: str) -> ast.Module | None:
        parsed.append(len(source))
        return tree(source)
    monkeypatch.setattr(names, "tree", counted)
    long = notebook(*(f"import a{n}\n" + "a," * 40_000 for n in range(20)), "import last as other")
    for _ in range(3):
        assert {"a0", "a19", "last"} <= names.imports(long)
        assert "a0" in names.imported_as(long)
        assert "a0" in names.all_bound(long)
        assert "other" in names.all_bound(long)
    assert sum(parsed) <= 3 * names.MOST
