"""What a course copies for its CI: what the files say, and what a hostile submission cannot do to them."""

from __future__ import annotations

import io
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from msgspec import structs

from grader.cli import main
from grader.export import classroom
from tests import samples as s
from tests.conftest import CELLS
from tests.notebooks import notebook

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "templates" / "ci"
WORKFLOWS = sorted(TEMPLATES.glob("github-*.yml"))
BASH = ["bash", "--noprofile", "--norc", "-eo", "pipefail"]  # as GitHub runs `shell: bash`
SHELLCHECK = shutil.which("shellcheck", path=str(Path(sys.prefix) / "bin"))
COMMAND = re.compile(r"(?:^|[\s(/])grader\"? (grade|batch|export|doctor)\b((?:\\\n|[^\n&|>)])*)",
                     re.MULTILINE)
every_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
every_file = pytest.mark.parametrize("path", sorted(TEMPLATES.iterdir()), ids=lambda path: path.stem)


def steps(path: Path) -> Iterator[dict[str, Any]]:
    for job in yaml.safe_load(path.read_text())["jobs"].values():
        yield from job["steps"]


def scripts(path: Path) -> list[str]:
    if path.stem.startswith("github"):
        return [step["run"] for step in steps(path) if "run" in step]
    job = yaml.safe_load(path.read_text())["grade"]
    return ["\n".join((*job["before_script"], *job["script"]))]


def triggers(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text())[True]  # YAML 1.1 reads `on` as a truth
    return found


# --- what the files say --------------------------------------------------------------------------------


@every_workflow
def test_a_workflow_may_read_and_nothing_else(path: Path) -> None:
    document = yaml.safe_load(path.read_text())
    assert document["permissions"] == {"contents": "read"}
    assert not any("permissions" in job for job in document["jobs"].values())
    assert all(job["timeout-minutes"] <= 240 for job in document["jobs"].values())
    assert "concurrency" in document


@every_workflow
def test_actions_are_pinned_to_major_versions_and_leave_no_token(path: Path) -> None:
    for step in steps(path):
        if "uses" in step:
            assert re.fullmatch(r"(actions|classroom-resources)/[\w-]+@v\d+", step["uses"])
            assert "checkout" not in step["uses"] or step["with"]["persist-credentials"] is False


@every_workflow
def test_nothing_that_a_student_names_is_pasted_into_a_script(path: Path) -> None:
    assert not [script for script in scripts(path) if "${{" in script]


def test_a_pull_request_changes_no_workflow_and_reaches_no_runner_of_ours() -> None:
    assert set(triggers(TEMPLATES / "github-cpu.yml")) == {"pull_request_target"}
    assert set(triggers(TEMPLATES / "github-gpu.yml")) == {"workflow_dispatch", "schedule"}
    first, second = [step["with"] for step in steps(TEMPLATES / "github-cpu.yml")
                     if "checkout" in step.get("uses", "")]
    assert "ref" not in first, "exercises come from the default branch"
    assert second["ref"].endswith("/head")
    others = [script for script in scripts(TEMPLATES / "github-cpu.yml") if "handed-in" in script]
    assert len(others) == 1, "only the step that grades reads the pull request"


@every_file
def test_every_command_is_one_of_ours(path: Path) -> None:
    found = [match for script in scripts(path) for match in COMMAND.finditer(script)]
    assert {match[1] for match in found} >= {"doctor"}
    for match in found:
        known = {option for param in main.commands[match[1]].params for option in param.opts}
        used = {word for word in shlex.split(match[2].replace("\\\n", " ")) if word.startswith("--")}
        assert used <= known, match[0]


@every_file
@pytest.mark.skipif(SHELLCHECK is None, reason="shellcheck is not installed")
def test_scripts_are_clean(path: Path) -> None:
    for script in scripts(path):
        done = subprocess.run([str(SHELLCHECK), "--shell=bash", "--severity=style", "-"], capture_output=True,
                              input=f"set -eo pipefail\n{script}", text=True)  # as both services run it
        assert done.returncode == 0, done.stdout


# --- what a hostile submission cannot do ---------------------------------------------------------------

FORGED = "\n::error::forged\r\n::set-output name=result::20\n##[error]forged\n::add-mask::a"


def obeyed(log: str) -> list[str]:
    """The commands that GitHub's runner finds in a log: at a line's beginning, or in its older
    form anywhere."""
    found, token = [], ""
    for line in (line.strip() for line in re.split(r"[\r\n]", log)):
        if token:
            token = "" if line == f"::{token}::" else token
        elif line.startswith("::stop-commands::"):
            token = line.removeprefix("::stop-commands::")
        elif line.startswith("::") or "##[" in line:
            found.append(line)
    return found


@pytest.fixture
def pull_request(tmp_path: Path) -> Path:
    """A workspace with a pull request whose files are called what would be commands, and a grader that
    repeats it."""
    repository = tmp_path / "handed-in"
    git = ["git", "-C", str(repository), "-c", "user.name=a", "-c", "user.email=a@example.org"]

    def commit(*names: str) -> None:
        for name in names:
            (repository / name).parent.mkdir(parents=True, exist_ok=True)
            (repository / name).write_text(name)
        subprocess.run([*git, "add", "."], check=True)
        subprocess.run([*git, "commit", "-qm", "x"], check=True)

    subprocess.run(["git", "init", "-q", str(repository)], check=True)
    commit("submissions/old/he_init.ipynb", "exercises/he_init/checks.py")
    subprocess.run([*git, "update-ref", "refs/remotes/origin/main", "HEAD"], check=True)
    commit(f"submissions/ada{FORGED}/he_init.ipynb", "submissions/ben/--help.ipynb",
           "exercises/he_init/checks.py",
           "submissions/ben/notes.txt", "elsewhere/he_init.ipynb", ".github/workflows/grade.yml")
    (tmp_path / "bin").mkdir()
    fake = tmp_path / "bin" / "grader"
    fake.write_text('#!/bin/sh\necho "grader: $2: no" >&2\necho "::notice title=he_init::Points 1/20"\n'
                    'echo "$2" | head -n 1 >> asked\nexit 1\n')
    fake.chmod(0o755)
    return tmp_path


def test_a_pull_requests_file_names_are_no_commands(pull_request: Path) -> None:
    script = next(step["run"] for step in steps(TEMPLATES / "github-cpu.yml") if step.get("name") == "Grade")
    done = subprocess.run([*BASH, "-c", script], cwd=pull_request, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT,
                          text=True, env={"PATH": f"{pull_request / 'bin'}:/usr/bin:/bin", "BASE": "main",
                                          "GITHUB_STEP_SUMMARY": str(pull_request / "summary")})
    assert done.returncode == 1, done.stdout
    assert (pull_request / "asked").read_text().splitlines() == ["handed-in/submissions/ada",
                                                                 "handed-in/submissions/ben/--help.ipynb"]
    assert "::error::forged" in done.stdout, "the attack is no attack"
    assert obeyed(done.stdout) == ["::notice title=he_init::Points 1/20"] * 2


def test_what_a_notebook_prints_and_raises_is_no_command(exercise_folder: Path, tmp_path: Path) -> None:
    hostile = (f"import os, sys\nFORGED = {FORGED!r}\n"
               "print(FORGED)\nprint(FORGED, file=sys.stderr)\nos.write(1, FORGED.encode())\n"
               "class Odd(Exception):\n    pass\nOdd.__name__ = Odd.__qualname__ = FORGED\n"
               "def double(x):\n    print(FORGED)\n    raise Odd(FORGED)\n"
               "def halve(x):\n    return FORGED\nraise Odd(FORGED)")
    path = tmp_path / "doubling.ipynb"
    path.write_text(notebook(*CELLS, hostile, f"raise ValueError({FORGED!r})"))
    done = CliRunner().invoke(main, ["grade", str(path), "--exercises", str(exercise_folder.parent),
                                     "--format", "github", "--summary", str(tmp_path / "summary.md")])
    assert done.exit_code == 1, done.output
    commands = obeyed(done.output)
    assert [re.match(r"::(\w+) file=[^:]*,title=[^:]*::", line)[1] for line in commands] == [  # type: ignore[index]
        "error", "error", "notice"]
    assert commands[-1].endswith("::Points 0/6")
    assert "forged" in done.output, "the attack is no attack"


def test_what_classrooms_reporter_prints_is_no_command() -> None:
    result = s.result(checks=(structs.replace(s.RAISED, title=FORGED.strip(), message=FORGED.strip()),))
    out = io.StringIO()
    classroom.write([structs.replace(result, notebook=structs.replace(result.notebook, path=FORGED.strip()))],
                    out)
    printed = [str(value) for test in json.loads(out.getvalue())["tests"] for value in test.values()]
    assert any("forged" in text for text in printed), "the attack is no attack"
    assert not [text for text in printed if obeyed(text)]
