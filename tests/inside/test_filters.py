"""The allow-lists of system calls, each asked what it promises by a process that is held to it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from grader.execute.bubblewrap import BubblewrapSandbox
from grader.inside.runner import seccomp, server, syscalls
from grader.wall import wire
from grader.wall.messages import CallStep, Job, Observations, Raised, Returned
from grader.wall.values import Text
from tests.notebooks import notebook
from tests.sandboxes import walled

pytestmark = [pytest.mark.skipif(not seccomp.supported(), reason="no filter for this machine"),
              pytest.mark.timeout(120)]
TRIES = """
import ctypes, errno, fcntl, json, os, platform, socket
LIBC = ctypes.CDLL(None, use_errno=True)
def tried(act):
    try: act()
    except OSError as error: return errno.errorcode[error.errno]
    return ""
def called(x86, arm):
    ctypes.set_errno(0)
    LIBC.syscall(x86 if platform.machine() == "x86_64" else arm, -1, 0, 0, 0, 0)
    return errno.errorcode.get(ctypes.get_errno(), "")
"""


def held_to(name: str, source: str) -> dict[str, str]:
    """What became of each try in a process with the filter of that name."""
    program = (f"{TRIES}\nfrom grader.inside import linux\nfrom grader.inside.runner import seccomp\n"
               "linux.prctl(linux.SET_NO_NEW_PRIVS, 1)\n"
               f"seccomp.install(seccomp.{name}(platform.machine()))\nprint(json.dumps({source}))")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


def test_a_runner_reads_and_starts_nothing(tmp_path: object) -> None:
    assert held_to("for_runner", f"""{{
        "reads": tried(lambda: open("/proc/self/stat").read()),
        "looks": tried(lambda: os.listdir("/proc")),
        "writes": tried(lambda: open({str(tmp_path)!r} + "/x", "w")),
        "appends": tried(lambda: os.open({str(tmp_path)!r}, os.O_RDWR)),
        "unlinks": tried(lambda: os.unlink("/nowhere")),
        "forks": tried(os.fork), "starts": tried(lambda: os.execv("/bin/true", ["true"])),
        "connects": tried(lambda: socket.socket(socket.AF_UNIX)),
        "reaches out": tried(lambda: socket.socket(socket.AF_INET)),
        "mounts": called({syscalls.FORBIDDEN["mount"][0]}, {syscalls.FORBIDDEN["mount"][1]}),
        "traces": called(101, 117)}}""") == {
        "reads": "", "looks": "", "writes": "EPERM", "appends": "EPERM", "unlinks": "EPERM", "forks": "EPERM",
        "starts": "EPERM", "connects": "", "reaches out": "EPERM", "mounts": "EPERM", "traces": "EPERM"}


def test_a_server_sets_up_jobs_and_does_nothing_else() -> None:
    assert held_to("for_server", """{
        "forks": tried(lambda: os.fork() or os._exit(0)), "writes": tried(lambda: open("/dev/null", "w")),
        "traces": called(101, 117), "loads": called(321, 280), "watches": called(294, 26),
        "unshares": called(272, 97)}""") == {
        "forks": "", "writes": "", "traces": "ENOSYS", "loads": "ENOSYS", "watches": "ENOSYS",
        "unshares": "EINVAL"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[BubblewrapSandbox]:
    with walled() as opened:
        yield opened


def observed(sandbox: BubblewrapSandbox, source: str, *, processes: bool = False) -> Observations:
    job = Job(notebook=notebook((TRIES + source).strip()), functions=("f",), processes=processes)
    found = sandbox.run(job, [CallStep(key="f", function="f")], {})
    assert isinstance(found, wire.Parcel), found
    return found.record


def test_refusals_are_as_libraries_expect_and_are_counted(sandbox: BubblewrapSandbox) -> None:
    seen = observed(sandbox, """
def f():
    return json.dumps([called(101, 117), called(101, 117), called(321, 280), called(294, 26),
                       called(999, 999), called(0x40000027, 999), tried(lambda: socket.socket(40)),
                       tried(lambda: fcntl.ioctl(0, 0x5412, b"x")), tried(lambda: fcntl.ioctl(0, 0x9999)),
                       tried(lambda: fcntl.fcntl(0, 1024, 0))])
""")
    outcome = seen.outcomes["f"]
    assert isinstance(outcome, Returned)
    value = outcome.rounds[0].value
    assert isinstance(value, Text)
    assert json.loads(value.value) == [
        "EPERM", "EPERM", "EPERM", "ENOSYS", "ENOSYS", "ENOSYS", "EAFNOSUPPORT", "EPERM", "ENOTTY", "EPERM"]
    counted = {each.name: each.times for each in seen.refused}
    assert counted.items() >= {"ptrace": 2, "bpf": 1, "inotify_init1": 1, "number 999": 1, "socket": 1,
                               "ioctl": 2, "fcntl": 1}.items()


WORKERS = """
from torch.utils.data import DataLoader
def f(): return len(list(DataLoader(range(8), batch_size=2, num_workers=2)))
"""


def test_a_call_that_wants_workers_is_told_so(sandbox: BubblewrapSandbox) -> None:
    outcome = observed(sandbox, WORKERS).outcomes["f"]
    assert isinstance(outcome, Raised)
    assert outcome.error == "PermissionError"
    assert outcome.lines[0].text.startswith("def f()")


def test_an_exercise_may_allow_processes(sandbox: BubblewrapSandbox) -> None:
    outcome = observed(sandbox, WORKERS, processes=True).outcomes["f"]
    assert isinstance(outcome, Returned), outcome


def test_a_flood_of_refusals_is_slowed_and_harms_nobody(sandbox: BubblewrapSandbox) -> None:
    seen = observed(sandbox, "for i in range(12_000): called(1000 + i, 1000 + i)\ndef f(): return 1")
    assert isinstance(seen.outcomes["f"], Returned)
    assert len(seen.refused) < 500
    assert sum(each.times for each in seen.refused) >= 12_000


def test_no_number_stands_twice() -> None:
    for column in range(2):
        numbers = [each[column] for each in {**syscalls.NAMES, **syscalls.SETTING_UP}.values()
                   if each[column] >= 0]
        assert len(numbers) == len(set(numbers))
    refused = {**syscalls.FORBIDDEN, **syscalls.CREATING, **syscalls.TELLING}
    assert not syscalls.ALLOWED.keys() & refused.keys()




def test_no_runner_stays_the_server_s_own_user() -> None:
    """It would have the server's rights: to become another, and to end others."""
    runners = [server.Runner(pid=1, user=2), server.Runner(pid=2, user=3)]
    assert server._free([2, 3, 4], runners) == 4
    with pytest.raises(BlockingIOError):
        server._free([2, 3], runners)
