"""The class that every hostile test looks at: all submissions that the chosen tests ask for, graded once, in
one batch, beside honest ones; in `make test-hostile` once more as an ordinary user."""

from __future__ import annotations

import hashlib
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from grader import records
from grader.keep.gradebook import Gradebook
from grader.keep.output import Output
from tests.hostile import canaries, malformed, report, table, users
from tests.hostile.batch import UNAVAILABLE, digest
from tests.hostile.case import HONEST, RIGHT, Case, notebook
from tests.hostile.cases import FAMILIES

EXERCISE = users.REPOSITORY / "exercises" / "he_init"
LIMITS = """[limits]
cell_seconds = 2
patient_seconds = 6
call_seconds = 1
submission_seconds = 60
memory_bytes = 1073741824
disk_bytes = 33554432
output_bytes = 1048576
observation_bytes = 33554432
"""
JOBS = 2
EVERY = 6  # after so many hostile submissions comes an honest one
NEIGHBOUR = "0-neighbour"
ORDINARY = pytest.param("ordinary", marks=pytest.mark.hostile)
USERS = ["root", ORDINARY] if users.ROOT else ["ordinary"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--attacks", type=Path, help="write there what became of each attack")


@dataclass(frozen=True)
class Class:
    """The batch, after it has run."""

    root: Path
    exercises: Path
    canaries: dict[str, str]
    results: dict[str, records.Result]
    seconds: dict[str, float]        # in the sandbox, by student
    before: dict[str, str]
    reached: list[str]               # connections that arrived outside
    untouched: bool                  # the process that was to be left alone still ran

    @property
    def out(self) -> Output:
        return Output(self.root / "out")

    def page(self, student: str, suffix: str = ".html") -> str:
        return self.out.page(student, "he_init", suffix).read_text()

    def outputs(self, student: str) -> str:
        """What its cells put out."""
        cells = json.loads(self.page(student, ".ipynb"))["cells"]
        return "".join(str(cell.get("outputs")) for cell in cells)


@pytest.fixture(scope="session", params=USERS)
def graded(request: pytest.FixtureRequest) -> Iterator[Class]:
    for made in run(request.param, wanted(request.session.items)):
        file = request.config.getoption("--attacks", None)
        if file and (request.param == "root" or not users.ROOT):
            table.write(file, FAMILIES, made.results, made.seconds, JOBS)
        yield made


@pytest.fixture(scope="session")
def alone() -> Iterator[Class]:
    """The honest ones by themselves."""
    yield from run("root" if users.ROOT else "ordinary", [])


def wanted(items: Iterable[pytest.Item]) -> list[Case | malformed.File]:
    """The submissions that tests ask for by their parameters, each once."""
    parameters = (value for item in items if isinstance(item, pytest.Function) and hasattr(item, "callspec")
                  for value in item.callspec.params.values())
    found = {value.name: value for value in parameters if isinstance(value, Case | malformed.File)}
    return [found[name] for name in sorted(found)]


def run(user: str, hostile: list[Case | malformed.File]) -> Iterator[Class]:
    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")
    if why := users.why_not(user):
        pytest.skip(f"nothing can be run as an ordinary user here: {why}")
    with tempfile.TemporaryDirectory(prefix="hostile-", dir="/tmp") as name:
        yield made(Path(name), user, hostile)


def made(root: Path, user: str, hostile: list[Case | malformed.File]) -> Class:
    root.chmod(0o755)
    secret = canaries.drawn()
    exercise(root)
    canaries.laid_out(root, secret)
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as abstract:
        port = tcp.getsockname()[1]
        abstract.bind(f"\0grader-hostile-test-{port}")
        abstract.listen()
        hand_in(root, port, hostile, secret)
        users.given(root, user)
        before = contents(root)
        batch(root, user, secret)
        reached = [str(s.getsockname()) for s in select.select([tcp, abstract], [], [], 0)[0]]
    return read(root, secret, before, reached)


def exercise(root: Path) -> None:
    """The exercise with limits that a test can wait for."""
    folder = root / "exercises" / "he_init"
    shutil.copytree(EXERCISE, folder, ignore=shutil.ignore_patterns("right", "wrong", "__pycache__"))
    toml = folder / "exercise.toml"
    toml.write_text(toml.read_text().partition("[limits]")[0] + LIMITS)


def hand_in(root: Path, port: int, hostile: list[Case | malformed.File], secret: dict[str, str]) -> None:
    """Honest submissions before, between and after the hostile ones."""
    known = {"{port}": str(port), "{root}": str(root), "{home}": str(root / "home")}
    for number, one in enumerate(hostile):
        if isinstance(one, Case):
            text = one.notebook
            for name, value in known.items():
                text = text.replace(name, value)
            submit(root, one.name, text.encode())
        else:
            submit(root, one.name, one.content)
        if number % EVERY == EVERY - 1:
            submit(root, f"{one.name}-then-right", notebook(RIGHT).encode())
    for name, (source, _) in HONEST.items():
        submit(root, f"0-{name}", notebook(source).encode())
    for name in ("right", "lecun"):
        submit(root, f"zz-{name}", notebook(HONEST[name][0]).encode())
    tells = f"print({secret['neighbour']!r}, open('notes.txt').read())"
    submit(root, NEIGHBOUR, notebook(RIGHT, tells).encode())
    (root / "in" / NEIGHBOUR / "notes.txt").write_text(secret["beside"])
    submit(root, "payloads-in-markdown", report.with_markdown().encode())
    for name in report.NAMES:
        (root / "in" / "payloads-in-markdown" / f"{name[:60]}.py").write_text("")


def submit(root: Path, student: str, content: object) -> None:
    path = root / "in" / student / "he_init.ipynb"
    path.parent.mkdir(parents=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        content(path)  # type: ignore[operator]


def batch(root: Path, user: str, secret: dict[str, str]) -> None:
    """In a process of its own, which has something to betray."""
    environment = {**os.environ, "PYTHONPATH": str(users.REPOSITORY), "HOME": str(root / "home"),
                   "GRADER_TOKEN": secret["environment"]}
    command = [*users.prefix(user), sys.executable, "-m", "tests.hostile.batch", str(root), str(JOBS),
               secret["arguments"]]
    ended = subprocess.run(command, env=environment, input=secret["memory"].encode(), cwd=root,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = ended.stdout.decode(errors="replace")
    if ended.returncode == UNAVAILABLE:
        pytest.skip(said)
    assert ended.returncode == 0, said[-5000:]


def read(root: Path, secret: dict[str, str], before: dict[str, str], reached: list[str]) -> Class:
    """What a batch left."""
    told = json.loads((root / "told.json").read_text())
    (root / "told.json").unlink()
    with Gradebook(root / "out" / "gradebook.sqlite") as book:
        entries = {entry.result.student: entry for entry in book.entries()}
    ran = {student: digest(entry.notebook) for student, entry in entries.items()}
    alike = Counter(ran.values())
    return Class(root=root, exercises=root / "exercises", canaries=secret, before=before, reached=reached,
                 results={student: entry.result for student, entry in entries.items()},
                 seconds={student: told["seconds"].get(name, 0.0) / alike[name]
                          for student, name in ran.items()},
                 untouched=told["untouched"])


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
