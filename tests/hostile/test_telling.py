"""Jobs that run at the same time share read-only files. None can tell through them that another is there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from grader.execute.bubblewrap import BubblewrapSandbox
from grader.wall import wire
from grader.wall.messages import Job
from tests.notebooks import notebook
from tests.sandboxes import walled

pytestmark = pytest.mark.timeout(120)
HEAD = """
import ctypes, fcntl, os, select, signal, sys, time
SHARED = os.__file__
LIBC = ctypes.CDLL(None, use_errno=True)
seen = False
end = time.monotonic() + 6
"""
LOCKS = """
try:
    file = os.open(SHARED, os.O_RDONLY)
    while time.monotonic() < end:
        try: fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError: seen = True
        time.sleep(0.05)
except OSError as error: print(error)
"""
OPENS = """
while time.monotonic() < end:
    list(open(SHARED)); os.listdir(os.path.dirname(SHARED)); time.sleep(0.05)
"""
# how one job would notice another -> what it does, and what the other does meanwhile
WAYS = {
    "a lock that is held": (LOCKS, LOCKS),
    "a watch on a file": ("""
watch = LIBC.inotify_init()
if watch >= 0 and LIBC.inotify_add_watch(watch, SHARED.encode(), 0x20) >= 0:
    seen = bool(select.select([watch], [], [], 6)[0])
""", OPENS),
    "a watch on a folder": ("""
watch = LIBC.inotify_init1(0)
if watch >= 0 and LIBC.inotify_add_watch(watch, os.path.dirname(SHARED).encode(), 0x21) >= 0:
    seen = bool(select.select([watch], [], [], 6)[0])
""", OPENS),
    "a signal at an access": ("""
def notice(*_):
    global seen
    seen = True
signal.signal(signal.SIGIO, notice)
try:
    fcntl.fcntl(os.open(os.path.dirname(SHARED), os.O_RDONLY), fcntl.F_NOTIFY, 1 | fcntl.DN_MULTISHOT)
    while time.monotonic() < end and not seen: time.sleep(0.1)
except OSError as error: print(error)
""", OPENS),
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[BubblewrapSandbox]:
    with walled() as opened:
        yield opened


def printed(sandbox: BubblewrapSandbox, source: str) -> str:
    source = f"{HEAD}{source}\nprint('SEEN' if seen else 'nothing')"
    found = sandbox.run(Job(notebook=notebook(source)), [], {})
    assert isinstance(found, wire.Parcel), found
    return "".join(output.get("text", "") or "\n".join(output.get("traceback", []))
                   for output in json.loads(found.record.run.executed)["cells"][0]["outputs"])


@pytest.mark.parametrize(("one", "other"), WAYS.values(), ids=WAYS)
def test_no_job_notices_another(sandbox: BubblewrapSandbox, one: str, other: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda source: printed(sandbox, source), (one, other))
    assert "nothing" in first, first
    assert "nothing" in second, second
