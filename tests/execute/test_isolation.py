"""What a notebook tries to do to the grader, and what the wall makes of it. Many attempts share one job."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.execute.opening import open_sandbox
from grader.execute.pool import observe
from grader.execute.sandbox import Sandbox, SandboxUnavailable
from grader.wall import wire
from grader.wall.messages import (
    Again,
    CallStep,
    CellCause,
    Ended,
    Job,
    Limits,
    LossCause,
    Lost,
    Observations,
    Raised,
    Returned,
)
from grader.wall.values import Text
from tests.notebooks import notebook

pytestmark = [pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
              pytest.mark.timeout(120)]
ROOT = Path(__file__).resolve().parent.parent.parent
SECRET = "a-secret-of-the-host"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    os.environ["GRADER_TEST_SECRET"] = SECRET
    try:
        with open_sandbox("bubblewrap") as opened:
            yield opened
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    finally:
        del os.environ["GRADER_TEST_SECRET"]


def run(sandbox: Sandbox, *cells: str, calls: tuple[str, ...] = (), retry: bool = False,
        processes: bool = False, **limits: float) -> Observations:
    """Execute cells, then call functions that take nothing."""
    job = Job(notebook=notebook(*cells), limits=Limits(**limits), functions=calls,  # type: ignore[arg-type]
              processes=processes)
    steps = [CallStep(key=name, function=name) for name in calls]
    found = observe(sandbox, job, steps, {}) if retry else sandbox.run(job, steps, {})
    assert isinstance(found, wire.Parcel), found
    return found.record


def printed(seen: Observations, cell: int = 0) -> str:
    outputs = json.loads(seen.run.executed)["cells"][cell]["outputs"]
    return "".join(output.get("text", "") or "\n".join(output.get("traceback", [])) for output in outputs)


def returned(seen: Observations, key: str) -> object:
    outcome = seen.outcomes[key]
    assert isinstance(outcome, Returned), outcome
    value = outcome.rounds[0].value
    assert isinstance(value, Text), value
    return json.loads(value.value)


def cause_of(seen: Observations, key: str) -> LossCause | None:
    outcome = seen.outcomes[key]
    return outcome.cause if isinstance(outcome, Lost | Ended) else None


OF_A_SHELL = """
import __main__, sys, threading
shell = get_ipython()
print(shell.execution_count, In[:-1], sorted({"area", "areas", "math"} & {*globals(), *shell.user_ns}))
print(__main__ is sys.modules["__main__"] is shell.user_module, vars(__main__) is shell.user_ns)
print("IPKernelApp" in shell.config, {"torch", "math"} <= shell._sys_modules_keys)
print([thread.name for thread in threading.enumerate() if "eart" in type(thread).__name__])
"""


def test_a_kernel_begins_with_a_shell_in_which_nothing_has_run(sandbox: Sandbox) -> None:
    """Another shell has run cells in the process that kernels are forked from."""
    assert printed(run(sandbox, OF_A_SHELL)) == "2 [''] []\nTrue True\nTrue True\n[]\n"


PROBE = """
import ctypes, json, os, socket, subprocess, sys
libc = ctypes.CDLL(None, use_errno=True)
found = {}
def attempt(name):
    def decorate(function):
        try:
            found[name] = repr(function())
        except BaseException as error:
            found[name] = f"refused: {type(error).__name__}: {error}"
    return decorate
def call(number, *args):
    if libc.syscall(number, *args) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return "done"
"""

FILES = PROBE + """
for path in %r:
    found[path] = os.path.exists(path)
found["root"] = sorted(os.listdir("/"))
found["home entries"] = len([n for n in os.listdir(%r) if n != ".pyenv"]) if os.path.exists(%r) else 0
found["terminals"] = sorted(os.listdir("/dev/pts"))
found["shell"] = get_ipython().getoutput("echo from the shell")
found["proc"] = sorted(os.listdir("/proc"))
found["home"] = os.environ["HOME"]
found["grader"] = sorted(os.listdir("/grader/grader"))
found["environment"] = dict(os.environ)
found["etc"] = sorted(os.listdir("/etc"))
found["ids"] = [os.getuid(), os.getgid(), os.getgroups()]
found["descriptors"] = []
for number in range(3, 512):
    try:
        found["descriptors"].append(os.stat(number).st_mode >> 12)
    except OSError:
        pass
found["writable"] = [folder for folder, _, _ in os.walk("/") if os.access(folder, os.W_OK)
                     and not folder.startswith("/job")]
open("module_of_mine.py", "w").write("x = 5")
import module_of_mine
found["own"] = module_of_mine.x
print(json.dumps(found))
"""


def test_files_of_the_host_are_not_there(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "other_submission.ipynb").write_text("{}")
    paths = [str(tmp_path), str(ROOT / "exercises"), str(ROOT / "grader"), str(ROOT / ".git"),
             str(Path.home()),
             "/etc/passwd", "/etc/shadow", "/home", "/var", "/srv", "/mnt", "/sys/kernel", "/sys/fs", "/boot"]
    found = json.loads(printed(run(sandbox, FILES % (paths, str(Path.home()), str(Path.home())))))
    seen = [path for path in paths if found[path]]
    # where Python itself lies below them
    assert {*map(Path, seen)} <= {Path.home(), *Path.home().parents}, seen
    assert found["home entries"] <= 1  # nothing else is there
    assert found["grader"] == ["__init__.py", "inside", "wall"]
    assert SECRET not in json.dumps(found["environment"])
    assert set(found["proc"]) <= {"cpuinfo", "meminfo", "filesystems", "version"}
    assert 0 not in found["ids"][:2]
    own = {path for path in found["writable"] if not path.startswith("/tmp/")}  # or Python lies there
    assert own <= {"/tmp", "/run", "/dev/shm", "/dev/pts"}, found["writable"]
    assert found["terminals"] == ["ptmx"]
    assert found["own"] == 5
    assert found["shell"] == ["from the shell"]


SYSTEM = PROBE + """
NS = 0x10000000
@attempt("ptrace init")
def _(): return call(101, 16, 1, 0, 0)
@attempt("read memory")
def _(): return call(310, 1, 0, 0, 0, 0, 0)
@attempt("unshare user")
def _(): return call(272, NS)
@attempt("clone user")
def _(): return call(56, NS | 17, 0, 0, 0, 0)
@attempt("clone3")
def _(): return call(435, 0, 0)
@attempt("mount")
def _(): return call(165, b"tmpfs", b"/tmp", b"tmpfs", 0, 0)
@attempt("memfd")
def _(): return call(319, b"x", 0)
@attempt("io_uring")
def _(): return call(425, 1, 0)
@attempt("userfaultfd")
def _(): return call(323, 0)
@attempt("keyctl")
def _(): return call(250, 0, 0, 0)
@attempt("shmget")
def _(): return call(29, 0, 4096, 0o1600)
@attempt("bpf")
def _(): return call(321, 0, 0, 0)
@attempt("perf")
def _(): return call(298, 0, 0, 0, 0, 0)
@attempt("x32")
def _(): return call(0x40000000 + 39)
@attempt("vsock")
def _(): return socket.socket(40, socket.SOCK_STREAM)
@attempt("packet")
def _(): return socket.socket(17, socket.SOCK_RAW)
@attempt("raw")
def _(): return socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)
@attempt("proc sys")
def _(): return open("/proc/sys/kernel/core_pattern", "w")
@attempt("chown")
def _(): return os.chown("/job/home", 0, 0)
@attempt("setuid")
def _(): return os.setuid(0)
@attempt("su")
def _(): return subprocess.run(["su", "-c", "true"], check=True)
@attempt("mknod")
def _(): return os.mknod("/job/home/sda", 0o60600, os.makedev(8, 0))
@attempt("signal the runner")
def _(): return [os.kill(pid, 0) for pid in range(3, 4000) if pid not in (os.getpid(),)]
@attempt("loopback")
def _(): return socket.create_connection(("127.0.0.1", %d), timeout=2)
@attempt("metadata")
def _(): return socket.create_connection(("169.254.169.254", 80), timeout=2)
@attempt("dns")
def _(): return socket.getaddrinfo("example.com", 80)
@attempt("abstract socket")
def _():
    s = socket.socket(socket.AF_UNIX); s.connect("\\0grader-test-abstract"); return s
@attempt("write the package")
def _(): return open("/grader/grader/inside/calls.py", "w")
@attempt("write torch")
def _(): return open(__import__("torch").__file__, "w")
@attempt("write the root")
def _(): return open("/x", "w")
@attempt("raise the limit")
def _():
    import resource; return resource.setrlimit(resource.RLIMIT_NPROC, (100000, 100000))
@attempt("caps")
def _():
    header, held = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    libc.capget(header, held)
    if not any(held): raise PermissionError("none are held")
print(json.dumps(found))
"""


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the system calls are named by x86_64's numbers")
def test_the_system_refuses(sandbox: Sandbox) -> None:
    import socket
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind("\0grader-test-abstract")
        abstract.listen()
        found = json.loads(printed(run(sandbox, SYSTEM % listener.getsockname()[1])))
    allowed = {name: what for name, what in found.items() if not what.startswith("refused")}
    assert not allowed


def test_each_limit_has_its_cause(sandbox: Sandbox) -> None:
    """Endless, flooding, greedy and deadly functions lose themselves and nothing else."""
    source = """
import os, ctypes, time, torch
def endless():
    while True: pass
def sleeps(): time.sleep(10**9)
def floods():
    while True: print("x" * 1000)
def greedy(): return bytearray(3 << 30)
def greedy_torch(): return torch.ones(3 << 28).sum().item()
def crashes(): ctypes.string_at(0)
def leaves(): os._exit(0)
def exits(): raise SystemExit(3)
def aborts(): os.abort()
def much(): return torch.zeros(30 << 20)
def deep():
    x = []
    for _ in range(1000): x = [x]
    return x
def fine(): return "1"
def asks(): return input("?")
def slow_catch():
    while True:
        try:
            while True: pass
        except BaseException: pass
"""
    names = ("endless", "sleeps", "floods", "greedy", "greedy_torch", "crashes", "leaves", "exits", "aborts",
             "much", "deep", "asks", "slow_catch", "fine")
    seen = run(sandbox, source, calls=names, call_seconds=0.5, memory_bytes=2 << 30)
    causes = {name: outcome.cause if isinstance(outcome, Lost | Ended) else type(outcome).__name__
              for name, outcome in seen.outcomes.items()}
    assert causes == {
        "endless": LossCause.TIMEOUT, "sleeps": LossCause.TIMEOUT, "floods": LossCause.OUTPUT,
        "greedy": LossCause.MEMORY, "greedy_torch": LossCause.MEMORY, "crashes": LossCause.CRASHED,
        "leaves": LossCause.CRASHED, "exits": "Raised",
        "aborts": LossCause.CRASHED, "much": LossCause.OUTPUT, "deep": LossCause.OUTPUT, "asks": "Returned",
        "slow_catch": LossCause.TIMEOUT, "fine": "Returned"}, seen.outcomes
    where = {name: [line.line for line in outcome.lines] for name, outcome in seen.outcomes.items()
             if isinstance(outcome, Lost) and outcome.lines}
    # whether the exception comes at a place that the `try` covers is up to CPython
    where.pop("slow_catch", None)
    endless = seen.outcomes["endless"]  # on a busy machine the wall-clock may come first, and knows no line
    busy = isinstance(endless, Ended) and endless.again is Again.ALONE
    assert where == ({} if busy else {"endless": [3]})


def test_cells_that_must_be_stopped(sandbox: Sandbox) -> None:
    seen = run(sandbox, "while True: pass", "while True: print('x' * 1000)", "x = input()",
               "print('y' * 300_000_000)",
               "import sys; sys.exit(3)", "1/0", "def f(): return 'ok'", "exit()", "'z' * 50_000_000",
               "raise MemoryError", "print('last')", calls=("f",), cell_seconds=3.0)
    causes = {event.cell: (event.cause, event.error) for event in seen.run.events}
    assert causes[0] == (CellCause.TIMEOUT, "KeyboardInterrupt")
    assert [event.line for event in seen.run.events if event.cell == 0] == [1]
    assert causes[1] == (CellCause.OUTPUT, "OutputFlood")
    assert 2 not in causes  # nobody types: the text is empty
    assert causes[3] == (CellCause.OUTPUT, "OutputFlood")
    assert causes[5] == (CellCause.RAISED, "ZeroDivisionError")
    assert [event.line for event in seen.run.events if event.cell == 5] == [1]
    assert printed(seen, 10) == "last\n"
    assert isinstance(seen.outcomes["f"], Returned)


@pytest.mark.parametrize("cell", [
    "import os; os._exit(0)", "import os; os.abort()", "import ctypes; ctypes.string_at(0)",
    "import os, signal; os.kill(os.getpid(), 9)",
    "import os\ntry: os.kill(-1, 9)\nfinally: os.kill(os.getpid(), 9)",
    "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
])
def test_a_deadly_cell_is_left_out_of_one_new_execution(sandbox: Sandbox, cell: str) -> None:
    seen = run(sandbox, "def f(): return 'ok'", cell, "print('after')", calls=("f",), retry=True,
               cell_seconds=1.0)
    assert [event.killed for event in seen.run.events] == [True]
    assert seen.run.left_out == (1,)
    assert isinstance(seen.outcomes["f"], Returned)
    assert printed(seen, 2) == "after\n"


def test_a_call_that_ends_the_kernel_loses_only_itself(sandbox: Sandbox) -> None:
    source = ("import os, time\ndef a(): return 'a'\ndef b():\n    os.kill(os.getppid(), 9)\n    "
              "time.sleep(5)\ndef c(): return 'c'")
    seen = run(sandbox, source, calls=("a", "b", "c"), retry=True)
    assert isinstance(seen.outcomes["a"], Returned)
    assert isinstance(seen.outcomes["c"], Returned)
    assert cause_of(seen, "b") is LossCause.CRASHED


def test_a_call_that_answers_and_takes_the_kernel_with_it_loses_no_other(sandbox: Sandbox) -> None:
    source = "import os\ndef a(): return 'a'\ndef b(): os.kill(os.getppid(), 9)\ndef c(): return 'c'"
    for _ in range(8):  # whether b's own answer still comes is a race
        seen = run(sandbox, source, calls=("a", "b", "c"), retry=True)
        assert isinstance(seen.outcomes["a"], Returned)
        assert isinstance(seen.outcomes["c"], Returned)


def test_what_a_call_left_to_end_the_kernel_later_is_not_the_next_ones_loss(sandbox: Sandbox) -> None:
    source = ("import os, signal, time\ndef a(): return 'a'\n"
              "def b():\n    signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getppid(), 9))\n"
              "    signal.setitimer(signal.ITIMER_REAL, 0.3)\n    return 'b'\n"
              "def c():\n    time.sleep(1)\n    return 'c'")
    seen = run(sandbox, source, calls=("a", "b", "c"), retry=True)
    assert [type(seen.outcomes[name]) for name in "abc"] == [Returned] * 3, seen.outcomes


BOMBS = """
import os, threading, time
def forks():
    n = 0
    try:
        while True:
            if os.fork() == 0: time.sleep(100)
            n += 1
    except OSError: return str(n)
def threads():
    n = 0
    try:
        while True:
            threading.Thread(target=time.sleep, args=(100,), daemon=True).start(); n += 1
    except RuntimeError: return str(n)
def fill(folder):
    n = 0
    try:
        with open(folder + "/fill", "wb") as f:
            while True: n += f.write(bytes(1 << 20))
    except OSError: pass
    try:
        os.unlink(folder + "/fill")
    except OSError: pass
    return str(n >> 20)
def disk(): return fill(".")
def tmp(): return fill("/tmp")
def shm(): return fill("/dev/shm")
def run(): return fill("/run")
def shared():
    import mmap
    kept = [mmap.mmap(-1, 1 << 28) for _ in range(16)]
    for each in kept: each.write(bytes(1 << 28))
    return "4096"
def daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            while True: time.sleep(1)
        os._exit(0)
    return "left"
def family():
    for _ in range(12):
        if os.fork() == 0:
            x = bytearray(b"x" * (300 << 20)); time.sleep(100)
    time.sleep(100)
"""


def test_bombs_and_full_disks(sandbox: Sandbox) -> None:
    """They end by themselves or are ended; the next submission finds the machine as it was."""
    names = ("forks", "threads", "disk", "tmp", "shm", "run", "shared", "family", "daemon")
    # Of 1 GiB, the libraries of a build for CUDA leave a process less than one member of the family wants.
    seen = run(sandbox, BOMBS, calls=names, processes=True, call_seconds=6.0, memory_bytes=2 << 30,
               disk_bytes=32 << 20)
    for name, most in {"forks": 90, "threads": 90, "disk": 32, "tmp": 32, "shm": 32, "run": 32}.items():
        assert 0 < int(str(returned(seen, name))) <= most, name
    assert getattr(seen.outcomes["shared"], "error", "") == "PermissionError"
    assert cause_of(seen, "family") is LossCause.MEMORY
    assert isinstance(seen.outcomes["daemon"], Returned)


def test_nothing_survives_a_job(sandbox: Sandbox) -> None:
    marker = f"sleep 98{os.getpid() % 1000}"
    run(sandbox,
        f"import subprocess\nsubprocess.Popen('setsid {marker}', shell=True, start_new_session=True)")
    ends = time.monotonic() + 5
    while marker in (listed := subprocess.run(["ps", "axww"], capture_output=True, text=True).stdout):
        assert time.monotonic() < ends, listed
        time.sleep(0.1)


def test_a_job_finds_nothing_of_another(sandbox: Sandbox) -> None:
    places = ("/tmp/x", "/run/x", "/dev/shm/x", "x", "/job/k/x", "/job/run/x")
    run(sandbox, f"for f in {places}: open(f, 'w').write('1')")
    seen = run(sandbox, f"import os\nprint([f for f in {places} if os.path.exists(f)])")
    assert printed(seen) == "[]\n"


def test_steps_cannot_be_seen_early(sandbox: Sandbox) -> None:
    seen = run(sandbox, "import gc\nheld = repr([o for o in gc.get_objects() if type(o) is dict])\n"
                        "print('a_name_only_in' + '_the_step' in held)",
               calls=("a_name_only_in_the_step",))
    assert printed(seen).endswith("False\n")


@pytest.mark.parametrize("tamper", [
    "get_ipython().ast_transformers.append(type('T', (), {'visit': lambda s, n: type(n)(body=[], "
    "type_ignores=[])})())", "get_ipython().input_transformers_cleanup.append(lambda lines: [])",
    "get_ipython().run_cell = None; get_ipython().user_ns = {}",
    "import sys; sys.stdout.close(); sys.stdout = None; sys.stderr = 5",
    "import os; os.rename('/job/k', '/job/gone')",
    "import os\nfor n in range(3, 400):\n    try: os.write(n, b'o' + bytes(8))\n    except OSError: pass",
    "import grader.inside.runner.conductor as r\nr.Conductor = None",
    "import threading, os, time\nthreading.Thread(target=lambda: (time.sleep(30), os._exit(0)), "
    "daemon=True).start()",
])
def test_tampering_costs_only_the_tamperer(sandbox: Sandbox, tamper: str) -> None:
    seen = run(sandbox, "def f(): return 'ok'", tamper, calls=("f",), call_seconds=1.0, cell_seconds=3.0)
    assert isinstance(seen.outcomes["f"], (Returned, Raised, Lost, Ended))
    assert isinstance(run(sandbox, "def f(): return 'ok'", calls=("f",)).outcomes["f"], Returned)
