"""An exercise that is not as it must be is refused in one line with its file, before anything is graded."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.exercise import catalog
from grader.spec import NO_DRIVER, ONE_GPU, PLAIN, TWO_GPUS, World
from grader.spec.worlds import named
from tests.conftest import CHECKS, TOML, write_exercise


def test_an_exercise_is_read_whole(exercise_folder: Path) -> None:
    exercise = catalog.load(exercise_folder)
    assert [check.id for check in exercise.checks] == ["values", "untouched", "half"]
    assert exercise.checks[1].promise == "The tensor passed in is not changed."
    assert exercise.worlds == (PLAIN,)
    assert len(exercise.keys) == 3, "a step that two checks look at is made once"


def test_discovery_is_a_glob(exercise_folder: Path) -> None:
    assert catalog.discover(exercise_folder.parent) == {"doubling": exercise_folder}


@pytest.mark.parametrize(("toml", "checks", "says"), [
    (TOML + "colour = 3", CHECKS, "colour"),
    (TOML.replace("version = 3", ""), CHECKS, "version"),
    (TOML.replace("points = 6", "points = 7"), CHECKS, "the checks have 6 points"),
    ("title = ", CHECKS, "exercise.toml"),
    ("title = " + "[" * 5000, CHECKS, "exercise.toml"),
    ("points = " + "9" * 5000, CHECKS, "exercise.toml"),
    (TOML, CHECKS + "\nimport nowhere", "checks.py:33: ModuleNotFoundError"),
    (TOML, CHECKS + "\ndef broken(:", "checks.py:33: SyntaxError"),
    (TOML, CHECKS.replace('Probe("halves"', 'Probe("thirds"'), "no function thirds"),
    (TOML, CHECKS.replace('Call("double", normal(2, 2)', 'Call("triple", normal(2, 2)'),
     "triple is not among"),
    (TOML, CHECKS.replace("times=2", 'world="three-gpus"'), "'three-gpus' is no world"),
    (TOML, CHECKS.replace("times=2", "world=World(name='plain', gpus=())").replace("Call", "World, Call", 1),
     "another world is called 'plain' too"),
    (TOML, CHECKS.replace('"""halve(x) is x / 2."""', ""), "no docstring"),
    (TOML, CHECKS.replace('normal(4, 3)', 'lambda x: x'),
     "checks.py:5: TypeError: a function cannot be an input; make it in a probe"),
    (TOML, CHECKS.replace('normal(5)', '{"of": [print]}'), "checks.py:7: TypeError: a builtin_function"),
    (TOML, CHECKS.replace("x=normal(5)", "y=normal(5)"),
     "checks.py:28: probes.py: halves is given y by its Probe: missing a required argument: 'x'"),
    (TOML, CHECKS.replace("x=normal(5)", "x=normal(5), step=1"), "unexpected keyword argument 'step'"),
    (TOML, CHECKS + "\ndef values(seen):\n    pass", "checks.py:33: values is defined twice"),
], ids=range(18))
def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, toml: str, checks: str, says: str) -> None:
    folder = write_exercise(tmp_path / "bad", toml=toml, checks=checks)
    with pytest.raises(catalog.ExerciseError) as error:
        catalog.load(folder)
    assert says in str(error.value)
    assert str(folder) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("checks", "beside", "says"), [
    (CHECKS + "\nimport nowhere", "", "checks.py:{last}: ModuleNotFoundError"),
    (CHECKS + "\ndef broken(:", "", "checks.py:{last}: SyntaxError"),
    ("from .mistakes import NAME\n" + CHECKS, "\n\n1 / 0\n", "mistakes.py:3: ZeroDivisionError"),
    ("from .mistakes import NAME\n" + CHECKS, "def broken(:\n", "mistakes.py:1: SyntaxError"),
    ("from .mistakes import NAME\n" + CHECKS, "", "checks.py:1: ImportError"),
])
def test_a_relative_path_loses_neither_file_nor_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                     checks: str, beside: str, says: str) -> None:
    folder = write_exercise(tmp_path / "exercises" / "bad", checks=checks)
    (folder / "mistakes.py").write_text(beside)
    monkeypatch.chdir(tmp_path)
    for path in Path("exercises/bad"), Path("exercises/../exercises/bad"):
        with pytest.raises(catalog.ExerciseError) as error:
            catalog.load(path)
        where = says.format(last=len(checks.splitlines()))
        assert str(error.value).startswith(f"{path}/{where}"), error.value


@pytest.mark.parametrize("file", ["probes.py", "mistakes.py"])
def test_what_cannot_be_imported_beside_the_checks_is_said_before_anything_is_graded(exercise_folder: Path,
                                                                                    file: str) -> None:
    with (exercise_folder / file).open("a") as module:
        module.write("\nfine = 1\nbroken = nowhere\n")
    line = len((exercise_folder / file).read_text().splitlines())
    with pytest.raises(catalog.ExerciseError) as error:
        catalog.load(exercise_folder)
    assert str(error.value) == f"{exercise_folder / file}:{line}: NameError: name 'nowhere' is not defined"


def test_gpu_names_differ_and_come_from_the_seed() -> None:
    assert named(TWO_GPUS, 5).gpus == ("NVIDIA L4", "NVIDIA RTX A6000")
    assert named(TWO_GPUS, 5) == named(TWO_GPUS, 5)
    assert len({named(ONE_GPU, seed).gpus for seed in range(50)}) > 3
    assert named(PLAIN, 5) == PLAIN
    assert named(NO_DRIVER, 5) == NO_DRIVER
    assert named(World(name="ours", gpus=("NVIDIA H200",)), 5).gpus == ("NVIDIA H200",)
