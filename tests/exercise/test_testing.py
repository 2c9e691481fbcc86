"""The proofs of an exercise as cases of pytest: as many as there are solutions and proofs, each by itself."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.exercise import testing
from grader.exercise.testing import Proving, proofs
from tests.conftest import CHECKS, TOML, write_exercise
from tests.exercise.test_validate import HALF, change

ROOT = Path(__file__).parent.parent.parent
SOUND = ["release", "names", "killed", "spoilt", "alarms", "reference", "right/operator.py",
         "wrong/in_place.py", "wrong/raises.py", "wrong/squares.py"]


def flawed(root: Path) -> set[str]:
    """Several exercises, each unsound in one way; what shows it."""
    for name in ("sound", "header", "dear", "other", "notebook", "marks"):
        write_exercise(root / name)
    change(root / "header/wrong/squares.py", "diagnosis: squared", "diagnosis: none")
    change(root / "dear/wrong/in_place.py", "points: 1", "points: 0.5")
    change(root / "other/right/operator.py", "2 * x", "3 * x")
    change(root / "notebook/notebook.ipynb", "double(torch.ones(2))", "duoble(torch.ones(2))")
    change(root / "marks/notebook.ipynb", "### END SOLUTION", "")
    write_exercise(root / "deaf", checks=CHECKS.replace(HALF, "pass"))
    write_exercise(root / "toml", toml=TOML.replace("torch.mul", "torch.multiplied"))
    noise = "    if seen.given['x'][0] > 0:\n        fail('noise')\n"
    write_exercise(root / "noisy", checks=CHECKS.replace(f"    {HALF}", f"{noise}    {HALF}"))
    write_exercise(root / "dead")
    (root / "dead/wrong/raises.py").unlink()
    return {"header-wrong/squares.py", "dear-wrong/in_place.py", "other-right/operator.py",
            "notebook-reference", "marks-release", "marks-reference", "deaf-spoilt", "toml-names",
            "dead-killed"}


def test_each_proof_shows_what_it_looks_for_and_nothing_else(tmp_path: Path) -> None:
    expected = flawed(tmp_path)
    with Proving(tmp_path, seed=3) as proving:
        found = {str(proof): proving.flaws(proof) for proof in proofs(tmp_path)}
    wrong = {name for name, flaws in found.items() if flaws and not name.startswith("noisy")}
    assert wrong == expected
    assert any("false alarms in 20" in line for line in found["noisy-alarms"])
    assert found["dear-wrong/in_place.py"] == [
        "costs 1 points, the header says 0.5 (untouched) (in_place.py); to mend it: let one check alone see "
        "the mistake, or say so in the header: `points: 1`"]


def test_a_proof_may_be_asked_for_in_any_order_and_again(tmp_path: Path) -> None:
    write_exercise(tmp_path / "doubling")
    change(tmp_path / "doubling/wrong/raises.py", "points: 2", "points: 1")
    asked = [proof for proof in proofs(tmp_path) for _ in range(2)][::-1]
    with Proving(tmp_path) as proving:
        assert {str(proof) for proof in asked if proving.flaws(proof)} == {"doubling-wrong/raises.py"}


def test_the_ten_lines_of_a_course_of_ones_own(tmp_path: Path) -> None:
    """They stand in the module's own documentation."""
    write_exercise(tmp_path / "exercises" / "doubling")
    change(tmp_path / "exercises/doubling/wrong/squares.py", "points: 4", "points: 3")
    lines = textwrap.dedent((testing.__doc__ or "").partition("of one's own:\n")[2])
    assert len([line for line in lines.splitlines() if line]) <= 10
    (tmp_path / "test_course.py").write_text(lines)

    def run(*arguments: str) -> tuple[int, str]:
        ran = subprocess.run([sys.executable, "-m", "pytest", "-q", "-rA", *arguments], cwd=tmp_path,
                             capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
        return ran.returncode, ran.stdout

    code, out = run()
    assert (code, out.count("PASSED"), out.count("FAILED")) == (1, len(SOUND) - 1, 1)
    assert "FAILED test_course.py::test_exercise[doubling-wrong/squares.py]" in out
    code, out = run("--lf")
    assert (code, out.count("PASSED"), out.count("FAILED")) == (1, 0, 1)


def test_junit_has_a_case_for_each(exercise_folder: Path, tmp_path: Path) -> None:
    """The same ones, by the same names."""
    change(exercise_folder / "wrong/squares.py", "points: 4", "points: 3")
    change(exercise_folder / "wrong/squares.py", "diagnosis: squared", "diagnosis: none")
    file = tmp_path / "proofs.xml"
    result = CliRunner().invoke(main, ["validate", "--exercises", str(exercise_folder.parent), "--sandbox",
                                       "inline", "--draws", "4", "--junit", str(file)])
    assert result.exit_code == 1
    (suite,) = ET.parse(file).getroot()
    assert [case.get("name") for case in suite] == SOUND
    assert [proof.name for proof in proofs(exercise_folder.parent)] == SOUND
    assert (suite.get("tests"), suite.get("failures"), suite.get("name")) == ("10", "1", "doubling")
    (failure,) = suite.iter("failure")
    assert suite.findall("testcase[@name='wrong/squares.py']/failure") == [failure]
    assert "costs 4 points, the header says 3" in (failure.text or "")
    assert "diagnosed as squared, the header says nothing" in (failure.text or "")


def test_junit_of_one_solution_has_its_case_alone(exercise_folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "proofs.xml"
    result = CliRunner().invoke(main, ["validate", "--exercises", str(exercise_folder.parent), "--sandbox",
                                       "inline", "--solution", "squares", "--junit", str(file)])
    assert result.exit_code == 0
    assert [case.get("name") for case in ET.parse(file).getroot().iter("testcase")] == ["wrong/squares.py"]


@pytest.mark.parametrize("more", [("--mutants",), ("--styles", "1")])
def test_junit_is_of_proofs_alone(exercise_folder: Path, tmp_path: Path, more: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, ["validate", "--exercises", str(exercise_folder.parent), *more,
                                       "--junit", str(tmp_path / "proofs.xml")])
    assert result.exit_code == 2
    assert "--junit does not go with" in result.output
