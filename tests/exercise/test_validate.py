"""`grader validate` notices what is wrong with an exercise: seen here by breaking a small one in
every way."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.execute.opening import open_sandbox
from grader.execute.sandbox import Sandbox
from grader.exercise import alarms, catalog, solutions, validate
from grader.exercise.catalog import ExerciseError
from grader.exercise.proofs import PROOFS
from grader.exercise.selection import Wanted, choose
from grader.exercise.twins import twins
from grader.options import Options
from grader.report import console
from tests.conftest import CHECKS, PROBES, write_exercise

WRONG = "wrong/squares.py"
HALF = 'expect_tensor(seen.value, seen.given["x"] / 2, rtol=1e-6, what="halve(x)")'


def prove(folder: Path, sandbox: Sandbox | None = None, *, draws: int = 0, only: tuple[str, ...] = (),
          checks: tuple[str, ...] = (), solutions: tuple[str, ...] = ()) -> validate.Report:
    wanted = Wanted(only=only, checks=checks, solutions=solutions, draws=draws)
    (choice,) = choose([catalog.load(folder)], wanted)
    options = Options(exercises=folder.parent, seed=3)
    with alarms.Alarms(draws) as counting:
        return validate.prove(choice, options, sandbox, counting, progress=lambda text: None)


def change(path: Path, old: str, new: str) -> None:
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def causes(report: validate.Report) -> list[str]:
    return [flaw.cause for flaw in report.flaws]


def test_a_sound_exercise_is_proved(exercise_folder: Path) -> None:
    report = prove(exercise_folder, draws=4)
    assert report.flaws == ()
    assert report.proofs == tuple(proof.name for proof in PROOFS)
    assert [(c.check, c.failed_by, c.tally and (c.tally.alarms, c.tally.draws)) for c in report.checks] == [
        ("values", 1, (0, 4)), ("untouched", 1, (0, 4)), ("half", 1, (0, 4))]


@pytest.mark.parametrize(("proof", "file", "old", "new", "says"), [
    ("wrong", WRONG, "fails: values", "fails: half", "half should fail, it is pass"),
    ("wrong", WRONG, "fails: values", "fails: half", "values should not fail (squared)"),
    ("wrong", WRONG, "diagnosis: squared", "diagnosis: none",
     "diagnosed as squared, the header says nothing"),
    ("wrong", "wrong/raises.py", "cause: raised", "cause: timeout",
     "fails with cause raised, the header says timeout"),
    ("cost", WRONG, "points: 4", "points: 3", "costs 4 points, the header says 3 (values, untouched)"),
    ("cost", WRONG, "points: 4 (both promises are about the value)", "points: 4",
     "may cost 4 points, more than a third"),
    ("cost", WRONG, "points: 4 (both promises are about the value)", "",
     "the header does not say what the mistake may cost"),
    ("right", "right/operator.py", "2 * x", "3 * x", "values should not fail (wrong-answer)"),
    ("right", "right/operator.py", "2 * x", "3 * x", "untouched is not-reached, behind values"),
    ("reference", "notebook.ipynb", "return x + x", "return x", "values should not fail (wrong-answer)"),
    ("killed", "wrong/in_place.py", "x.add_(x)", "x * x", "no wrong solution fails it"),
    ("spoilt", "checks.py", HALF, "seen.value.sum()", ": a check raises AttributeError"),
    ("spoilt", "checks.py", HALF, "pass", "zeros pass every check that looks at them"),
    ("spoilt", "checks.py", "seen.given[\"x\"] / 2, rtol=1e-6", "seen.value, rtol=1e-6",
     "one element pass every check that looks at them"),
    ("release", "notebook.ipynb", "### END SOLUTION", "", "cannot be handed out"),
    ("names", "exercise.toml", "torch.mul", "torch.multiplied", "exercise.toml forbids what there is not"),
])
def test_what_is_unsound_is_found_by_the_proof_that_looks_for_it(exercise_folder: Path, proof: str, file: str,
                                                                 old: str, new: str, says: str) -> None:
    change(exercise_folder / file, old, new)
    assert any(cause.endswith(says) for cause in causes(prove(exercise_folder, only=(proof,))))
    assert proof in {name for flaw in prove(exercise_folder).flaws for name in flaw.proofs}


def test_names_that_there_are_not_are_said(exercise_folder: Path) -> None:
    path = exercise_folder / "exercise.toml"
    path.write_text('forbidden = ["torch.multiply", "torch.nn.functional.batchnorm"]\n'
                    'preload = ["torch.optim", "torch.optimism", "no.such"]\n'
                    + "\n".join(line for line in path.read_text().splitlines()
                                if not line.startswith("forbidden")))
    assert [(flaw.cause, flaw.names) for flaw in prove(exercise_folder).flaws] == [
        ("exercise.toml preloads what there is not", ("torch.optimism", "no.such")),
        ("exercise.toml forbids what there is not", ("torch.nn.functional.batchnorm",))]


@pytest.mark.parametrize(("forbidden", "allowed", "found"), [
    (["torch.nn.utils.clip_grad_norm_"], [], ["_clip_grads_with_norm_", "_get_total_norm", "clip_grad_norm"]),
    (["torch.nn.utils.clip_grad_norm_"], ["torch.nn.utils.clip_grad._get_total_norm"],
     ["_clip_grads_with_norm_", "clip_grad_norm"]),
    (["torch.nn.init.trunc_normal_"], [], ["_no_grad_trunc_normal_"]),
    (["torch.nn.init.normal_"], [], []),   # what stands behind it others call too
    (["torch.mul", "torch.no_such"], [], []),
])
def test_what_stands_behind_a_forbidden_function_is_found(forbidden: list[str], allowed: list[str],
                                                          found: list[str]) -> None:
    assert [name.rpartition(".")[2] for name in twins(forbidden, allowed)] == found


def test_a_function_that_has_its_modules_name_is_a_function(exercise_folder: Path) -> None:
    change(exercise_folder / "exercise.toml", '"torch.mul"', '"torch.autograd.gradcheck"')
    assert not any("what there is not" in cause for cause in causes(prove(exercise_folder, only=("names",))))
    home = "torch.autograd.gradcheck"
    assert twins([home]) == (f"{home}._gradcheck_helper", f"{home}.gradgradcheck")


def test_twins_that_are_not_listed_are_said(exercise_folder: Path) -> None:
    change(exercise_folder / "exercise.toml", '"torch.mul"', '"torch.nn.init.trunc_normal_"')
    (flaw,) = prove(exercise_folder, only=("names",)).flaws
    assert (flaw.cause, flaw.names) == ("exercise.toml leaves out functions behind those that it forbids",
                                        ("torch.nn.init._no_grad_trunc_normal_",))


@pytest.mark.parametrize(("said", "advice"), [
    ("points: 4", "`points: 4 (why so many)`"),
    ("points: 3", "(drop `after=`), or say so in the header: `points: 4`"),
])
def test_the_advice_on_what_costs_too_much_fits_it(exercise_folder: Path, said: str, advice: str) -> None:
    change(exercise_folder / WRONG, "points: 4 (both promises are about the value)", said)
    assert any(advice in flaw.mend for flaw in prove(exercise_folder, only=("cost",)).flaws)


def test_no_after_is_to_be_dropped_where_there_is_none(exercise_folder: Path) -> None:
    change(exercise_folder / "checks.py", "points=1, after=values", "points=1")
    change(exercise_folder / WRONG, "points: 4 (both promises are about the value)", "points: 2")
    (flaw,) = prove(exercise_folder, only=("cost",)).flaws
    assert flaw.mend == "let one check alone see the mistake, or say so in the header: `points: 4`"


@pytest.mark.parametrize("file", [WRONG, "right/operator.py"])
def test_a_solution_that_defines_none_of_the_functions_is_said(exercise_folder: Path, file: str) -> None:
    change(exercise_folder / file, "def double", "def doubel")
    (flaw,) = prove(exercise_folder, only=(file.partition("/")[0],)).flaws
    assert flaw.cause == "defines none of the exercise's functions (double, halve)"
    assert flaw.names == (Path(file).name,)


@pytest.mark.parametrize("misspelt", ["point:", "Points:", "points :"])
def test_a_misspelt_line_of_a_header_is_named(exercise_folder: Path, misspelt: str) -> None:
    change(exercise_folder / "wrong/in_place.py", "points:", misspelt)
    with pytest.raises(ExerciseError) as error:
        prove(exercise_folder)
    assert str(error.value).endswith(f"wrong/in_place.py:5: the docstring's line `{misspelt}` is not known; "
                                     "is `points:` meant?")


def test_a_header_may_hold_prose(exercise_folder: Path) -> None:
    change(exercise_folder / "wrong/in_place.py", "Writes into x.", "Writes into x.\n\nNote: so do others.")
    assert prove(exercise_folder).flaws == ()


def test_the_reference_alone_cannot_have_a_broken_mark(exercise_folder: Path) -> None:
    change(exercise_folder / "notebook.ipynb", "### END SOLUTION", "### END SOLUTON")
    (flaw,) = prove(exercise_folder, only=("reference",)).flaws
    assert flaw.cause == "cannot be handed out"
    assert "END SOLUTION" in flaw.example


def test_what_cannot_be_handed_out_is_said_with_its_place(exercise_folder: Path) -> None:
    change(exercise_folder / "notebook.ipynb", "### END SOLUTION", "")
    (flaw,) = prove(exercise_folder).flaws
    assert flaw.cause == "cannot be handed out"
    assert "without ### END SOLUTION" in flaw.example


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_a_cell_of_the_notebook_that_stops_is_said(exercise_folder: Path) -> None:
    path = exercise_folder / "notebook.ipynb"
    document = json.loads(path.read_text())
    document["cells"].append({"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None,
                              "source": "print(duoble(1))"})
    path.write_text(json.dumps(document))
    with open_sandbox("bubblewrap") as sandbox:
        report = prove(exercise_folder, sandbox)
    where = f"notebook.ipynb, cell {len(document['cells'])}"
    assert causes(report) == [f"{where}: NameError: name 'duoble' is not defined"]


def test_a_cell_that_stops_outside_a_sandbox_is_one_flaw(exercise_folder: Path) -> None:
    change(exercise_folder / "notebook.ipynb", "return x / 2", "return x / 2\\nhalve(no)")
    report = prove(exercise_folder, draws=2)
    stopped = [flaw for flaw in report.flaws if flaw.cause.startswith("a cell stops")]
    assert [flaw.cause for flaw in stopped] == ["a cell stops: NameError: name 'no' is not defined"]
    assert stopped[0].proofs == ("reference", "right", "wrong", "spoilt", "alarms")


def noisy(tmp_path: Path) -> Path:
    noise = "    if seen.given['x'][0] > 0:\n        fail('noise')\n"
    checks = CHECKS.replace(f"    {HALF}", f"{noise}    {HALF}")
    return write_exercise(tmp_path / "doubling", checks=checks)


def test_what_no_change_can_alter_need_not_be_noticed(exercise_folder: Path) -> None:
    """A number transposed is the same number, and whole ones have no NaN."""
    change(exercise_folder / "checks.py", "normal(4, 3)", 'torch.tensor(3)')
    change(exercise_folder / "checks.py", "normal(2, 2)", 'torch.tensor(5)')
    report = prove(exercise_folder, only=("spoilt",))
    assert report.flaws == ()


def test_too_many_false_alarms_are_said(tmp_path: Path) -> None:
    report = prove(noisy(tmp_path), draws=30)
    (cause,) = [cause for cause in causes(report) if "false alarms" in cause]
    assert cause.endswith("false alarms in 30, claimed 0")
    tallies = [check.tally for check in report.checks if check.tally and check.tally.alarms]
    assert [tally.first.partition(": ")[2] for tally in tallies] == ["noise"]


# --- one cause is one flaw ---------------------------------------------------------------------------


def test_a_check_that_raises_is_one_flaw_with_its_line(exercise_folder: Path) -> None:
    change(exercise_folder / "checks.py", HALF, f"{HALF}\n    vra")
    (flaw,) = prove(exercise_folder, draws=4).flaws
    line = (exercise_folder / "checks.py").read_text().splitlines().index("    vra") + 1
    assert flaw.cause == f"checks.py:{line}: a check raises NameError"
    assert flaw.example == "name 'vra' is not defined"
    assert flaw.checks == ("half",)
    assert set(flaw.names) >= {"notebook.ipynb", "operator.py", "squares.py", "in_place.py"}
    assert flaw.proofs == ("reference", "right", "wrong", "killed", "spoilt", "alarms")


@pytest.mark.parametrize("proof", ["reference", "wrong", "killed", "alarms"])
def test_a_check_behind_one_that_raises_is_not_said_to_be_proved(exercise_folder: Path, proof: str) -> None:
    change(exercise_folder / "checks.py", "    seen.measure", "    vra\n    seen.measure")
    report = prove(exercise_folder, draws=2, only=(proof,), checks=("untouched",))
    assert [cause.partition(": ")[2] for cause in causes(report)] == ["a check raises NameError"]


def test_a_probe_of_the_authors_own_is_not_blamed_on_the_function(exercise_folder: Path) -> None:
    change(exercise_folder / "probes.py", "return", "vra\n    return")
    (flaw,) = prove(exercise_folder, draws=2, checks=("half",)).flaws
    assert flaw.cause == "probes.py: `halves` itself raises NameError"
    assert flaw.example == "name 'vra' is not defined"
    assert "halve`" not in flaw.cause
    assert flaw.names == ("notebook.ipynb", "operator.py", "in_place.py", "squares.py")
    assert flaw.proofs == ("reference", "right", "wrong", "alarms")


def test_a_probe_that_is_no_python_is_said_with_its_line(exercise_folder: Path) -> None:
    change(exercise_folder / "probes.py", "return", "return return")
    with pytest.raises(ExerciseError, match=r"probes\.py:3: SyntaxError"):
        prove(exercise_folder)


@pytest.mark.parametrize("derived", [False, True])
def test_a_part_that_the_probe_did_not_bring_is_the_probes(exercise_folder: Path, derived: bool) -> None:
    checks = exercise_folder / "checks.py"
    change(exercise_folder / "probes.py", PROBES.strip().splitlines()[1].strip(),
           'return {"half": namespace["halve"](x)}')
    change(checks, "seen.value, seen.given[\"x\"] / 2", "part(seen), seen.given[\"x\"] / 2")
    change(checks, "normal\n", "normal, derived\n")
    change(checks, "@check(looks_at=halved", ("@derived\n" if derived else "")
           + "def part(seen):\n    return seen.mapping()['halv']\n\n\n@check(looks_at=halved")
    (flaw,) = prove(exercise_folder, checks=("half",), only=("reference", "right", "wrong")).flaws
    assert flaw.cause == "probes.py: `halves` brings less than half asks for"
    assert "`halv`" in flaw.example
    assert set(flaw.names) == {"notebook.ipynb", "operator.py", "in_place.py", "squares.py"}


def test_many_solutions_that_fail_alike_are_one_line(exercise_folder: Path,
                                                     capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b", "c", "d", "e"):
        (exercise_folder / "right" / f"{name}.py").write_text("def halve(x):\n    return x / 3")
    report = prove(exercise_folder)
    console.proofs_table([report])
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "should not fail" in line]
    assert line.endswith("(a.py, b.py, c.py and 2 more)")


# --- what is looked at -------------------------------------------------------------------------------


def test_one_solution_runs_alone(exercise_folder: Path) -> None:
    for word in ("squares.py", "squares", WRONG, str(exercise_folder / WRONG)):
        report = prove(exercise_folder, solutions=(word,), draws=4)
        assert (report.proofs, report.solutions["wrong"]) == (("wrong", "cost"), (1, 3))
        assert report.solutions["reference"][0] == report.solutions["right"][0] == 0
    change(exercise_folder / "wrong/raises.py", "fails: half", "fails: values")
    assert not prove(exercise_folder, solutions=("squares",)).flaws
    assert causes(prove(exercise_folder, solutions=("squares", "raises")))


def test_one_check_is_proved_with_what_it_hangs_on(exercise_folder: Path) -> None:
    report = prove(exercise_folder, checks=("untouched",), draws=4)
    assert report.flaws == ()
    assert [check.check for check in report.checks] == ["untouched"]
    assert report.left_out == ("release", "names", "cost")
    change(exercise_folder / "wrong/in_place.py", "x.add_(x)", "x + x")
    assert causes(prove(exercise_folder, checks=("untouched",))) == [
        "untouched should fail, it is pass", "no wrong solution fails it"]
    assert not prove(exercise_folder, checks=("half",)).flaws


@pytest.mark.parametrize(("wanted", "says"), [
    (Wanted(only=("every",)), "there is no proof 'every'; there are release, names, reference, right, wrong"),
    (Wanted(checks=("halv",)), "there is no check 'halv'; there are values, untouched, half"),
    (Wanted(solutions=("sqares.py",)),
     "there is no solution 'sqares.py'; there are notebook.ipynb, operator.py, in_place.py, raises.py, sq"),
    (Wanted(only=("killed",), solutions=("squares",)), "killed is not proved by one solution"),
    (Wanted(only=("names",), checks=("half",)), "names is not proved of one check"),
    (Wanted(only=("alarms",), draws=0), "alarms needs fresh seeds"),
    (Wanted(only=("right",), solutions=("squares",)), "no exercise has all that was asked for together"),
])
def test_a_name_that_there_is_not_is_one_line(exercise_folder: Path, wanted: Wanted, says: str) -> None:
    with pytest.raises(ExerciseError, match=says) as error:
        choose([catalog.load(exercise_folder)], wanted)
    assert "\n" not in str(error.value)


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["validate", "--exercises", str(folder.parent), "--sandbox", "inline",
                                       *arguments])
    return result.exit_code, result.stdout + result.stderr


def test_the_command_says_what_was_proved(exercise_folder: Path) -> None:
    code, out = run(exercise_folder, "--draws", "4")
    assert code == 0
    assert ("doubling: proved: release, names, reference, right, wrong, cost, killed, spoilt, alarms; "
            "looked at the notebook, 1 right solution, 3 wrong solutions, 3 checks, 4 draws; "
            "left out the notebook's other cells") in out
    assert "1 exercise, all proved" in out
    code, out = run(exercise_folder, "--check", "half", "--solution", "raises", "--solution", "squares.py")
    assert code == 0
    assert ("doubling: proved: wrong; looked at 2 wrong solutions, 1 check; left out release, names, "
            "reference, right, cost, killed, spoilt, alarms, 1 of 3 wrong solutions, 2 of 3 checks") in out


def test_the_command_says_what_was_not_proved(exercise_folder: Path) -> None:
    change(exercise_folder / WRONG, "diagnosis: squared", "diagnosis: none")
    code, out = run(exercise_folder, "--draws", "0")
    assert code == 1
    assert "doubling: diagnosed as squared, the header says nothing (squares.py)" in out
    assert "to mend it: mend the solution, or say in its header what it does" in out
    assert ("doubling: not proved: wrong; proved: release, names, reference, right, cost, killed, "
            "spoilt;") in out
    assert "1 exercise, 1 flaw" in out
    code, out = run(exercise_folder, "--only", "everything")
    assert code == 2
    assert out.startswith("grader: there is no proof 'everything'; there are")


def test_the_help_names_every_proof() -> None:
    out = CliRunner().invoke(main, ["validate", "--help"]).output
    assert [line.split(maxsplit=1) for line in out.splitlines()
            if line.strip().split(" ")[0] in {proof.name for proof in PROOFS}] == [
        [proof.name, proof.promise] for proof in PROOFS]


# --- headers and bounds ------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "says"), [
    ('"""No header."""', "fails: check"),
    ('"""X.\n\nfails: nothing\n"""', "no check is called nothing"),
    ("def broken(:", "invalid syntax"),
])
def test_a_header_that_cannot_be_used_is_the_tutors_fault(exercise_folder: Path, text: str,
                                                          says: str) -> None:
    (exercise_folder / WRONG).write_text(text)
    with pytest.raises(ExerciseError, match=says):
        solutions.solutions(catalog.load(exercise_folder), "wrong")


def test_bounds_of_a_rate() -> None:
    # No event in n: 1 - 0.05^(1/n), "the rule of three". Clopper & Pearson 1934.
    assert alarms.upper_bound(0, 1000) == pytest.approx(1 - 0.05 ** (1 / 1000), rel=1e-6)
    assert alarms.upper_bound(5, 1000) == pytest.approx(0.01048, rel=2e-3)
    assert alarms.upper_bound(3, 3) == 1.0
    assert alarms.allowed_alarms(0.0, 1000) == 0
    assert alarms.allowed_alarms(1e-6, 1000) == 1
