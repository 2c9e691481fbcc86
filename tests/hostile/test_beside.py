"""What lies beside one student's notebook harms nobody else, and reaches nothing of ours."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from grader import commands, records
from grader.execute.opening import open_sandbox
from grader.keep.gradebook import Gradebook
from grader.options import Options
from tests.conftest import CELLS, write_exercise
from tests.notebooks import notebook

pytestmark = [pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
              pytest.mark.timeout(300)]
SECRET = "a-secret-of-the-host"
# Runs wherever Python finds it: none of these may be found by the grader, its runner or its server.
HELPER = '''
import os, sys
sys.path.insert(0, os.getcwd())
for name in ("json", "msgspec", "grader", "safetensors", "nbclient"):
    for folder in (".", "..", "/job", "/tmp", "/run", "/grader"):
        try:
            with open(os.path.join(folder, name + ".py"), "w") as file:
                file.write("raise SystemExit('shadowed')")
        except OSError:
            pass
seen = []
for folder, _, names in os.walk("."):
    seen += [os.path.join(folder, name) for name in names]
print("SEEN", sorted(seen))
'''


def odd(folder: Path, secret: Path, neighbour: Path) -> None:
    """Everything that a folder can hold and should not."""
    os.mkfifo(folder / "pipe.csv")
    (folder / "data.csv").symlink_to(secret)
    (folder / "theirs.py").symlink_to(neighbour / "helper.py")
    (folder / "up").symlink_to(neighbour)
    with (folder / "sparse.bin").open("wb") as file:
        file.truncate(10 << 30)
    for name in ("sitecustomize.py", "usercustomize.py", "conftest.py", "ipython_config.py",
                 "profile_default/startup/a.py", ".ipython/profile_default/startup/a.py", ".ssh/id_rsa",
                 "grader/__init__.py", "grader/wall/wire.py", "msgspec.py", "zmq/__init__.py", "ast.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("raise SystemExit('shadowed')")
    (folder / os.fsdecode(b"\xff\n.txt")).write_text("")
    for number in range(500):
        (folder / f"{number}.txt").write_text("x")
    (folder / "helper.py").write_text(HELPER)


def test_a_folder_full_of_traps_costs_its_neighbours_nothing(tmp_path: Path) -> None:
    write_exercise(tmp_path / "exercises" / "doubling")
    (tmp_path / "secret").write_text(SECRET)
    for student in ("ada", "mallory", "zoe"):
        folder = tmp_path / "in" / student
        folder.mkdir(parents=True)
        (folder / "helper.py").write_text("TWO = 2")
        (folder / "doubling.ipynb").write_text(notebook(
            "import helper", *CELLS, "def double(x):\n    return x * helper.TWO"))
    odd(tmp_path / "in" / "mallory", tmp_path / "secret", tmp_path / "in" / "ada")
    before = {path: path.lstat().st_mtime_ns for path in (tmp_path / "in").rglob("*")}
    said: list[str] = []
    with open_sandbox("bubblewrap") as sandbox:
        commands.batch([tmp_path / "in"], tmp_path / "out",
                       Options(exercises=tmp_path / "exercises", jobs=1), sandbox, Quiet(said))
    with Gradebook(tmp_path / "out" / "gradebook.sqlite") as book:
        entries = {entry.result.student: entry for entry in book.entries()}
    assert [entries[student].result.score for student in ("ada", "zoe")] == [6.0, 6.0]
    mallory = entries["mallory"]
    assert mallory.result.score == 2.0, "helper.TWO is not there: only halve is right"
    assert "SEEN" in mallory.executed
    for name in (SECRET, "sparse", "theirs", "pipe", "sitecustomize", "startup/a.py", "id_rsa", "wire.py"):
        assert name not in mallory.executed
    assert any("pipe.csv" in note and note.startswith("mallory/") for note in said)
    assert not any(note.startswith(("ada/", "zoe/")) for note in said)
    assert {path: path.lstat().st_mtime_ns for path in (tmp_path / "in").rglob("*")} == before


class Quiet:
    """A watcher who keeps what is said."""

    def __init__(self, said: list[str]) -> None:
        self.said = said

    def begin(self, total: int, unchanged: int, judged_again: int = 0) -> None: ...

    def graded(self, result: records.Result) -> None: ...

    def judged_again(self, before: records.Result, after: records.Result) -> None: ...

    def note(self, text: str) -> None:
        self.said.append(text)
