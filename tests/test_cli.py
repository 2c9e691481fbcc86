"""The command line: quick to answer, with examples, and plain about what went wrong."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.cli.shared import EXAMPLES

HEAVY = ("torch", "nbconvert", "nbformat", "sqlalchemy", "rich", "jinja2", "IPython", "zmq", "numpy")


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
