"""The command line: quick to answer, with examples, and plain about what went wrong."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.cli.roles import next_steps
from grader.cli.shared import EXAMPLES, default_exercises
from tests.conftest import CELLS
from tests.notebooks import notebook

HEAVY = ("torch", "nbconvert", "nbformat", "sqlalchemy", "rich", "jinja2", "IPython", "zmq", "numpy")
NOT_FOR_ONE = ("sqlalchemy", "alembic", "grader.keep", "grader.export", "grader.review", "libcst",
               "grader.exercise.validate",
               "yaml", "matplotlib", "IPython", "ipykernel", "nbconvert", "zmq", "pygments",
               "concurrent.futures.process", "torch._dynamo", "torch._inductor", "sympy")


def test_help_imports_nothing_heavy() -> None:
    code = (f"import sys; sys.argv = ['grader', '--help']\nfrom grader.cli import main\n"
            f"try: main()\nexcept SystemExit: pass\n"
            f"print('LOADED', [name for name in {HEAVY!r} if name in sys.modules])")
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "Grade PyTorch exercise notebooks" in out
    assert out.rstrip().endswith("LOADED []")


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_command_has_help_with_examples(command: str) -> None:
    result = CliRunner().invoke(main, [command, "--help"])
    assert result.exit_code == 0
    assert f"grader {command}" in result.output.split("Examples:")[1]


def test_examples_name_commands_that_exist() -> None:
    for examples in EXAMPLES.values():
        for example in examples:
            assert example.split()[1] in main.commands


def test_an_unknown_option_is_exit_code_2() -> None:
    assert CliRunner().invoke(main, ["batch", "--colour"]).exit_code == 2


def test_what_is_a_default_and_what_restricts_is_said() -> None:
    said = " ".join(CliRunner().invoke(main, ["batch", "--help"]).output.split())
    assert "a default. To grade one exercise and no other, say --only" in said
    for option in ("--dry-run", "--save-mapping", "--mapping", "--roster", "--prefer", "--layout"):
        assert option in said


def laid(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    return folder


@pytest.mark.parametrize(("files", "where", "says"), [
    ((), ".", ["There is no exercise here", "Students:", "Tutors:", "Authors:"]),
    (("he_init/exercise.toml", "he_init/he_init.ipynb"), "he_init", ["grader check he_init.ipynb"]),
    (("he_init/exercise.toml", "he_init/my he_init.ipynb"), "he_init", ['grader check "my he_init.ipynb"']),
    (("a/exercise.toml", "b/exercise.toml", "README.md"), ".", ["You have 2 exercises", "cd a"]),
    (("a/exercise.toml", "a/notebook.ipynb"), "a", ["grader validate a --exercises .."]),
    (("exercises/a/exercise.toml", "exercises/a/notebook.ipynb"), ".", ["the exercises a.", "grader batch"]),
    (("reports/results.jsonl", "reports/index.html"), "reports", ["grader rejudge ."]),
    (("he_init.ipynb",), ".", ["without its checks", "put it back", "Tutors:"])])
def test_without_a_command_it_says_what_to_do_next_here(
        files: tuple[str, ...], where: str, says: list[str], tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(laid(tmp_path, *files) / where)
    done = CliRunner().invoke(main, [])
    assert done.exit_code == 0
    assert not [line for line in says if line not in done.output], done.output
    assert done.output.rstrip().endswith("grader --help")
    for command in re.findall(r"^  grader (\w+)", done.output, re.MULTILINE):
        assert command in main.commands


def test_the_repository_s_exercises_are_the_default_elsewhere(tmp_path: Path,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert (default_exercises() / "he_init" / "exercise.toml").exists()


@pytest.mark.parametrize("command", ["check", "grade"])
def test_one_notebook_imports_nothing_that_only_a_class_an_author_or_a_kernel_needs(
        command: str, exercise_folder: Path, tmp_path: Path) -> None:
    mine = tmp_path / "doubling.ipynb"
    mine.write_text(notebook(*CELLS, grader={"exercise": "doubling"}))
    code = ("import sys\nfrom grader.cli import main\ntry:\n"
            f"    main([{command!r}, {str(mine)!r}, '--exercises', {str(exercise_folder.parent)!r}])\n"
            "except SystemExit as end:\n"
            f"    print('ENDED', end.code, sorted({set(NOT_FOR_ONE)!r} & sys.modules.keys()))")
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.rstrip().endswith("ENDED 0 []")


@pytest.mark.parametrize(("there", "says"), [
    ("results.jsonl", "grader export ."), ("reports/results.jsonl", "grader feedback reports"),
    ("ML-4711.zip", "grader batch ML-4711.zip --dry-run"), ("notes.txt", "There is no exercise here")])
def test_alone_it_says_what_a_tutor_does_next(tmp_path: Path, there: str, says: str) -> None:
    (tmp_path / there).parent.mkdir(exist_ok=True)
    (tmp_path / there).write_text("")
    assert says in next_steps(tmp_path)
