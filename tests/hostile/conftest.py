"""The class that every hostile test looks at: all submissions of this folder, graded once, in one batch."""

from __future__ import annotations

import hashlib
import os
import select
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from grader import commands, records
from grader.execute.opening import open_sandbox
from grader.execute.sandbox import SandboxUnavailable
from grader.keep.output import Output
from grader.options import Options
from tests.hostile import exhausting, forging, honest, malformed, reading, report
from tests.hostile.case import HONEST, notebook

EXERCISE = Path(__file__).resolve().parents[2] / "exercises" / "he_init"
CASES = (*forging.CASES, *reading.CASES, *exhausting.CASES, *report.CASES, *honest.CASES)
LIMITS = """[limits]
cell_seconds = 2
call_seconds = 1
submission_seconds = 60
memory_bytes = 1073741824
disk_bytes = 33554432
output_bytes = 1048576
observation_bytes = 33554432
"""


class Notes:
    """Who is told how the batch goes on."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def begin(self, total: int, unchanged: int, judged_again: int = 0) -> None:
        """Nothing to show."""

    def graded(self, result: records.Result) -> None:
        """Nothing to show."""

    def judged_again(self, before: records.Result, after: records.Result) -> None:
        """Nothing to show."""

    def note(self, text: str) -> None:
        self.notes.append(text)


@dataclass(frozen=True)
class Class:
    """The batch, after it has run."""

    root: Path
    options: Options
    results: dict[str, records.Result]
    before: dict[str, str]
    reached: list[str]       # connections that arrived outside
    witness: int | None      # None: the process that was to be left alone still runs

    @property
    def out(self) -> Output:
        return Output(self.root / "out")

    def page(self, student: str, suffix: str = ".html") -> str:
        return self.out.page(student, "he_init", suffix).read_text()


@pytest.fixture(scope="session")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Class]:
    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")
    root = tmp_path_factory.mktemp("hostile")
    options = Options(exercises=exercise(root), exercise="he_init", seed=11)
    (root / "secret.txt").write_text(reading.SECRET)
    os.environ["GRADER_HOSTILE_SECRET"] = reading.SECRET
    with (socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as abstract,
          subprocess.Popen(["sleep", "3600"]) as witness):
        try:
            port = tcp.getsockname()[1]
            abstract.bind(f"\0grader-hostile-test-{port}")
            abstract.listen()
            hand_in(root, port)
            before = contents(root)
            with open_sandbox("bubblewrap") as sandbox:
                results = commands.batch([root / "in"], root / "out", options, sandbox, Notes())
            reached = [str(s.getsockname()) for s in select.select([tcp, abstract], [], [], 0)[0]]
            state = witness.poll()
        except SandboxUnavailable as error:
            pytest.skip(str(error))
        finally:
            del os.environ["GRADER_HOSTILE_SECRET"]
            witness.kill()
    yield Class(root=root, options=options, results={x.student: x for x in results}, before=before,
                reached=reached, witness=state)
    shutil.rmtree(root)  # a hundred megabytes


def exercise(root: Path) -> Path:
    """The exercise with limits that a test can wait for."""
    folder = root / "exercises" / "he_init"
    shutil.copytree(EXERCISE, folder, ignore=shutil.ignore_patterns("right", "wrong", "__pycache__"))
    toml = folder / "exercise.toml"
    toml.write_text(toml.read_text().partition("[limits]")[0] + LIMITS)
    (folder / "secret.txt").write_text(reading.SECRET)
    return folder.parent


def hand_in(root: Path, port: int) -> None:
    known = {"{port}": str(port), "{root}": str(root), "{home}": str(Path.home())}
    for case in CASES:
        text = case.notebook
        for name, value in known.items():
            text = text.replace(name, value)
        submit(root, case.name, text.encode())
    for file in malformed.FILES:
        submit(root, file.name, file.content)
    for name, (source, _) in HONEST.items():
        submit(root, f"0-{name}", notebook(source).encode())
    for name in ("right", "lecun"):  # before the hostile ones and after them
        submit(root, f"zz-{name}", notebook(HONEST[name][0]).encode())
    submit(root, "control-right", notebook(HONEST["right"][0], f"x = '{reading.SECRET}'").encode())
    submit(root, "payloads-in-markdown", report.with_markdown().encode())


def submit(root: Path, student: str, content: object) -> None:
    path = root / "in" / student / "he_init.ipynb"
    path.parent.mkdir(parents=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        content(path)  # type: ignore[operator]


def contents(root: Path) -> dict[str, str]:
    """Every file but the output's, and a digest of what is in it."""
    found = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if not name.startswith("out"):
            kind = oct(path.lstat().st_mode)
            regular = path.is_file() and not path.is_symlink()
            found[name] = kind + (hashlib.sha256(path.read_bytes()).hexdigest() if regular else "")
    return found
