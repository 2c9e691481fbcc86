"""A notebook's own check imports torch once, whatever number of worlds it is executed in; and what its server
has imported, or was given, does not reach a notebook."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from grader.execute import warm
from grader.execute.process import ProcessSandbox, environment
from grader.wall import wire
from grader.wall.messages import Job, World
from tests.notebooks import notebook

pytestmark = [pytest.mark.timeout(180),
              pytest.mark.skipif(sys.platform != "linux", reason="nothing is forked elsewhere")]
# Noted is what is imported, not what is asked for. A kernel may open no file of ours, a server closes all.
NOTED = """
import fcntl, os, sys

log = fcntl.fcntl(os.open({log!r}, os.O_CREAT | os.O_WRONLY | os.O_APPEND), fcntl.F_DUPFD, 900)


class Noted:
    @staticmethod
    def find_spec(name, path=None, target=None):
        imported = sys._getframe(2).f_code.co_name == "_find_and_load_unlocked"
        if name in ("torch", "torch._dynamo", "matplotlib") and imported:
            try:
                os.write(log, name.encode() + b"\\n")
            except OSError:
                with open({log!r}, "a") as again:
                    print(name, file=again)


sys.meta_path.insert(0, Noted)
"""
CHECKED = """
import sys
from pathlib import Path
from grader.execute.opening import open_for
from grader.wall.messages import Job, World

path = Path(sys.argv[1])
with open_for(path) as sandbox:
    import torch
    import grader.judge
    for name in ("one", "another"):
        found = sandbox.run(Job(notebook=path.read_text(), world=World(name=name)), [], {})
        print(found.record.run.executed if hasattr(found, "record") else found)
"""
ASKS = """
import os, sys
import matplotlib.pyplot as plt
import torch
torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0).step()
print(torch.get_num_threads(), "grader.judge" in sys.modules, "A_TOKEN" in os.environ,
      any(os.path.exists(os.path.join(place, "a_check.py")) for place in sys.path if place))
"""


def printed(executed: str) -> str:
    return "".join(output.get("text", "") or "\n".join(output.get("traceback", []))
                   for cell in json.loads(executed)["cells"] for output in cell["outputs"])


def in_its_folder(folder: Path, *cells: str) -> tuple[list[str], list[str]]:
    """What the notebook printed in each of two worlds; and what was imported, once for each process."""
    (folder / "site").mkdir()
    (folder / "site" / "sitecustomize.py").write_text(NOTED.format(log=str(folder / "log")))
    (folder / "a_check.py").write_text("SECRET = 1")
    (folder / "mine.ipynb").write_text(notebook(*cells))
    path = os.pathsep.join(filter(None, [str(folder / "site"), os.environ.get("PYTHONPATH"), *sys.path[:1]]))
    done = subprocess.run([sys.executable, "-c", CHECKED, "mine.ipynb"], cwd=folder, capture_output=True,
                          text=True, check=False, env={**os.environ, "PYTHONPATH": path, "A_TOKEN": "x"})
    assert done.returncode == 0, done.stderr
    return [printed(line) for line in done.stdout.splitlines()], (folder / "log").read_text().split("\n")[:-1]


def test_one_process_imports_what_two_worlds_and_the_judge_need(tmp_path: Path) -> None:
    said, imported = in_its_folder(tmp_path, ASKS)
    assert said == ["1 False False False\n"] * 2
    assert sorted(imported) == ["matplotlib", "torch", "torch._dynamo"]


def test_what_a_notebook_does_not_name_is_not_imported(tmp_path: Path) -> None:
    _, imported = in_its_folder(tmp_path, "import torch")
    assert imported == ["torch"]


def test_a_process_that_has_done_more_than_to_start_is_not_forked(tmp_path: Path) -> None:
    (tmp_path / "mine.ipynb").write_text(notebook("import torch"))
    import torch

    assert torch
    assert warm.forked(tmp_path / "mine.ipynb", environment()) is None


@pytest.mark.parametrize("gone", [True, False])
def test_a_server_that_ends_is_done_without(gone: bool) -> None:
    server = warm.started(environment())
    assert server
    job = Job(notebook=notebook("print(40 + 2)"), world=World(name="plain"))
    with ProcessSandbox(server=server) as sandbox:
        assert isinstance(sandbox.run(job, [], {}), wire.Parcel)
        assert sandbox.server is server
        os.kill(server.process.pid, signal.SIGKILL)
        if gone:
            server.process.wait(10)
        found = sandbox.run(job, [], {})
        assert isinstance(found, wire.Parcel), found
        assert printed(found.record.run.executed) == "42\n"


@pytest.mark.parametrize("jobs", [0, 1])
def test_a_server_ends_with_its_sandbox(jobs: int) -> None:
    server = warm.started(environment())
    assert server
    with ProcessSandbox(server=server) as sandbox:
        for _ in range(jobs):
            sandbox.run(Job(notebook=notebook("1"), world=World(name="plain")), [], {})
    assert server.process.returncode is not None
