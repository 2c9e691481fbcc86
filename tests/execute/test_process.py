"""`--sandbox process` promises no wall. What it does promise: nothing of a job is left behind it, and the
environment is a list of what is let in. Where Linux has Landlock, other jobs and the rest of the disk cannot
be read or written."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from grader.execute.process import ProcessSandbox, environment
from grader.execute.warm import started
from grader.inside.runner import landlock
from grader.wall import wire
from grader.wall.messages import Brought, Job, Limits, Observations
from tests.notebooks import notebook

pytestmark = pytest.mark.timeout(120)
SECRET = "a-token-of-the-tutor"
linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere an orphan is nobody's")
confined = pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")

DAEMON = """
import os, time
for _ in range({generations}):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            open({mark!r} + str(os.getpid()), "w").close()
            {stay}
        os._exit(0)
    os.wait()
deadline = time.time() + 10
while len(os.listdir({mark!r})) < {generations} and time.time() < deadline:
    time.sleep(0.01)
print(*os.listdir({mark!r}))
"""


@pytest.fixture(params=["plain", pytest.param("warm", marks=linux)])
def sandbox(request: pytest.FixtureRequest) -> Iterator[ProcessSandbox]:
    with ProcessSandbox(server=started(environment()) if request.param == "warm" else None) as opened:
        yield opened


def printed(sandbox: ProcessSandbox, *cells: str, **more: object) -> list[str]:
    """What each cell printed, or the traceback it ended with."""
    job = Job(notebook=notebook(*cells), limits=Limits(cell_seconds=60), **more)  # type: ignore[arg-type]
    found = sandbox.run(job, [], {})
    assert isinstance(found, wire.Parcel), found
    seen: Observations = found.record
    return ["".join(output.get("text", "") or "\n".join(output.get("traceback", []))
                    for output in cell["outputs"]) for cell in json.loads(seen.run.executed)["cells"]]


def daemons(*, stay: str = "time.sleep(600)", generations: int = 1) -> str:
    return DAEMON.format(mark="marks/", stay=stay, generations=generations).replace(
        "\nfor", "\nos.mkdir('marks')\nfor", 1)


def _group(process: psutil.Process) -> int:
    try:
        return os.getpgid(process.pid)
    except OSError:
        return 0


def alive(pids: str) -> list[int]:
    def lives(pid: int) -> bool:
        try:
            return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False
    found = [pid for pid in map(int, pids.split()) if lives(pid)]
    for pid in found:
        os.kill(pid, signal.SIGKILL)
    return found


@linux
def test_a_daemon_does_not_outlive_its_job(sandbox: ProcessSandbox) -> None:
    [pids] = printed(sandbox, daemons(generations=3))
    assert len(pids.split()) == 3, pids
    assert alive(pids) == []


@linux
def test_nor_do_processes_that_beget_others_all_the_time(sandbox: ProcessSandbox) -> None:
    beget = "\n            ".join(["os.mkdir('born')", "while True:", "    if os.fork():",
                                   "        os._exit(0)", "    open('born/%d' % os.getpid(), 'w').close()"])
    before = set(psutil.pids())
    printed(sandbox, daemons(stay=beget))
    time.sleep(0.2)
    left = [p for p in psutil.process_iter(["pid", "cmdline"]) if p.pid not in before
            and "grader.inside.runner.portable" in (p.info["cmdline"] or [])]
    for process in left:
        process.kill()
    assert left == []


@linux
@pytest.mark.parametrize("how", ["the batch is stopped", "it kills its runner"])
def test_nor_does_it_outlive_a_job_that_ends_early(sandbox: ProcessSandbox, how: str) -> None:
    job = Job(notebook=notebook(daemons(), "import time; time.sleep(100)"))
    running = threading.Thread(target=sandbox.run, args=(job, [], {}))
    running.start()
    runner, daemon = None, None
    while daemon is None and running.is_alive():
        time.sleep(0.1)
        runner = next((psutil.Process(process.pid) for process in sandbox.running), None)
        below = runner.children(recursive=True) if runner else []
        daemon = next((process for process in below if _group(process) not in (0, process.pid, runner.pid)),
                      None) if runner else None
    assert runner
    assert daemon
    if how == "the batch is stopped":
        sandbox.close()
    else:  # where Linux does not scope signals it can
        runner.kill()
    running.join()
    assert alive(str(daemon.pid)) == []


def test_no_folder_is_left_and_no_token_passed_on(sandbox: ProcessSandbox, tmp_path: Path,
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for name in "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "http_proxy", "CUDA_TOKEN", "LC_TOKEN":
        monkeypatch.setenv(name, SECRET)
    left, said = printed(
        sandbox, "import tempfile, pathlib\ntempfile.mkstemp()\npathlib.Path('deep/er').mkdir(parents=True)\n"
        "pathlib.Path('deep').chmod(0)\nprint('left')", "import os; print(dict(os.environ))")
    assert left == "left\n"
    assert "PATH" in said
    assert SECRET not in said
    assert list(tmp_path.iterdir()) == []


def test_what_a_machine_needs_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "LD_LIBRARY_PATH": "/opt/cuda",
              "CONDA_PREFIX": "/opt/conda", "CUDA_HOME": "/opt/cuda", "SYSTEMROOT": r"C:\Windows"}
    for name, value in wanted.items():
        monkeypatch.setenv(name, value)
    assert wanted.items() <= environment().items()


@confined
def test_the_grader_and_others_cannot_be_read(sandbox: ProcessSandbox, tmp_path: Path) -> None:
    (tmp_path / "submission.ipynb").write_text(SECRET)
    reads = {"submission": f"open({str(tmp_path / 'submission.ipynb')!r}).read()",
             "listing": f"os.listdir({str(tmp_path)!r})",
             "siblings": "os.listdir(os.path.dirname(os.path.dirname(os.getcwd())))",
             "checks": f"open({str(Path('exercises/he_init/checks.py').resolve())!r}).read()",
             "judge": f"open({str(Path('grader/judge.py').resolve())!r}).read()",
             "environ": f"open('/proc/{os.getpid()}/environ').read()",
             "home": f"os.listdir({str(Path.home())!r})",
             "disk": "open('/dev/vda', 'rb').read(1)"}
    cell = "import os\n" + "".join(f"try: print({name!r}, 'READ', {code})\n"
                                   f"except OSError as error: print({name!r}, type(error).__name__)\n"
                                   for name, code in reads.items())
    [said] = printed(sandbox, cell)
    assert [line for line in said.splitlines() if "READ" in line] == []
    assert said.count("PermissionError") >= len(reads) - 1   # not every machine has such a disk


@confined
def test_nothing_else_can_be_written_or_killed(sandbox: ProcessSandbox, tmp_path: Path) -> None:
    place = tmp_path / "mine"
    place.write_text("before")
    [said] = printed(sandbox, "import os\nfor mode in 'wa':\n"
                     f"    try: open({str(place)!r}, mode).write('after')\n"
                     "    except OSError as error: print(type(error).__name__)\n"
                     f"try: os.unlink({str(place)!r})\nexcept OSError as error: print(type(error).__name__)\n"
                     f"os.chdir({str(tmp_path)!r})\n"
                     "try: open('new', 'w')\nexcept OSError as error: print(type(error).__name__)\n"
                     f"import signal\nif {landlock.version() >= landlock.SCOPES_SIGNALS}:\n"
                     "    os.kill(os.getppid(), signal.SIGKILL)")
    assert said.split()[:4] == ["PermissionError"] * 4
    assert ("Operation not permitted" in said) is (landlock.version() >= landlock.SCOPES_SIGNALS)
    assert place.read_text() == "before"
    assert [each.name for each in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("figures", [True, False])
def test_figures_that_nobody_will_see_are_not_drawn(sandbox: ProcessSandbox, figures: bool) -> None:
    job = Job(notebook=notebook("import os\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\n"
                                "plt.savefig('p.png')\nplt.show()\nprint(os.path.getsize('p.png') > 1000)"),
              figures=figures)
    found = sandbox.run(job, [], {})
    assert isinstance(found, wire.Parcel), found
    assert not found.record.run.events
    assert "True" in found.record.run.executed, "what the notebook draws for itself is drawn"
    assert ("image/png" in found.record.run.executed) == figures


def test_an_honest_notebook_finds_what_it_needs(sandbox: ProcessSandbox, tmp_path: Path) -> None:
    """Its files, a home, a place for temporary files, shared memory, pictures, workers, other programs."""
    import hashlib

    (tmp_path / "data.txt").write_text("7")
    digest = hashlib.sha256(b"7").hexdigest()
    job = Job(notebook=notebook(
        "print(open('data.txt').read())",
        "import os, pathlib, tempfile\npathlib.Path.home().joinpath('x').write_text('x')\n"
        "with tempfile.TemporaryFile() as f: print(f.write(b'123'))\n"
        "os.rename(tempfile.mkstemp()[1], 'moved'); print(os.path.exists('moved'))",
        "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.savefig('p.png')\n"
        "print(os.path.getsize('p.png') > 1000)",
        "import torch\nfrom torch.utils.data import DataLoader, TensorDataset\n"
        "loader = DataLoader(TensorDataset(torch.arange(8.)), batch_size=2, num_workers=2)\n"
        "print(sum(x.sum().item() for x, in loader))",
        "import subprocess, sys\nprint(subprocess.run([sys.executable, '-c', 'print(5)'], "
        "capture_output=True, text=True).stdout)", "!echo shell", "import json, scipy"),
        files=(Brought(name="data.txt", sha256=digest, size=1),))
    found = sandbox.run(job, [], {}, {digest: str(tmp_path / "data.txt")})
    assert isinstance(found, wire.Parcel), found
    said = ["".join(output.get("text", "") or "\n".join(output.get("traceback", [])) for output in
                    cell["outputs"]).strip() for cell in json.loads(found.record.run.executed)["cells"]]
    assert said[:2] == ["7", "3\nTrue"]
    assert said[2].startswith("True")
    assert said[3:6] == ["28.0", "5", "shell"]


def test_what_a_plain_job_needs_can_be_imported_where_os_has_no_sysconf() -> None:
    """As on Windows."""
    code = ("import multiprocessing, os, psutil, tempfile; del os.sysconf; "
            "import grader.inside.linux, grader.inside.runner.landlock, grader.inside.runner.proc")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
