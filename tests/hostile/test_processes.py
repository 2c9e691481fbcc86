"""In a call no process is made, and nothing else of the job runs: nobody can be asked for the answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from grader.execute.bubblewrap import BubblewrapSandbox
from grader.wall import wire
from grader.wall.messages import CallStep, Job, Limits, Observations, Returned
from grader.wall.values import Truth
from tests.hostile.forging import FRAMES
from tests.notebooks import notebook
from tests.sandboxes import walled

pytestmark = pytest.mark.timeout(120)
WATCHED = "torch.nn.init.kaiming_normal_"

# What asks for the answer elsewhere, and gives back whether it got one.
ASKS = FRAMES + """
import ctypes, mmap, pickle, struct, subprocess
from multiprocessing import get_context
READ, WRITE = os.pipe()
ASK, ASKED = os.pipe()
def ready_made(): return float(nn.init.kaiming_normal_(torch.ones(4, 4)).std())
def tell(question): os.write(WRITE, question + struct.pack("d", ready_made()))
def told(question):
    answer = os.read(READ, 16)  # to an earlier call's question it is of no use
    return answer[:8] == question and struct.unpack("d", answer[8:])[0] != 0
def asked():
    question = os.urandom(8)
    os.write(ASKED, question)
    return told(question)
def serve():
    while question := os.read(ASK, 8): tell(question)
"""
IN_A_CALL = {
    "a forked child": """
def f():
    if os.fork() == 0:
        tell(b"question")
        os._exit(0)
    return told(b"question")
""",
    "a child by clone": """
def f():
    if ctypes.CDLL(None).syscall(56 if os.uname().machine == "x86_64" else 220, 17, 0, 0, 0, 0) == 0:
        tell(b"question")
        os._exit(0)
    return told(b"question")
""",
    "a program": """
PROGRAM = "import torch; print(float(torch.nn.init.kaiming_normal_(torch.ones(4, 4)).std()))"
def f():
    return float(subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True).stdout) != 0
""",
    "a pool": """
def f():
    with get_context("fork").Pool(1) as pool:
        return pool.apply(ready_made) != 0
""",
    "another program in its place": """
PROGRAM = '''
import os, sys, torch
torch.nn.init.kaiming_normal_(torch.ones(4, 4))
text = b'{"type":"returned","rounds":[{"value":{"type":"truth","value":true}}]}'
body = bytes.fromhex(sys.argv[2]) + len(text).to_bytes(8, "little") + text
os.write(int(sys.argv[1]), b"o" + len(body).to_bytes(8, "little") + body)
'''
def f():
    request, answer = of_the_call()
    os.set_inheritable(answer, True)
    os.execv(sys.executable, [sys.executable, "-c", PROGRAM, str(answer), bytes(request[:16]).hex()])
""",
}
FROM_A_CELL = {
    "a child of a cell": """
if os.fork() == 0:
    serve()
f = asked
""",
    "a daemon of a cell": """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        serve()
    os._exit(0)
f = asked
""",
    "a thread of the kernel": """
threading.Thread(target=serve, daemon=True).start()
f = asked
""",
    "a thread of the kernel, by shared memory": """
with open("page", "w+b") as file:
    file.truncate(4096)
    page = mmap.mmap(file.fileno(), 4096)
def serve():
    while True:
        if page[0]:
            page[8:16], page[16], page[0] = struct.pack("d", ready_made()), page[0], 0
        time.sleep(0.001)
threading.Thread(target=serve, daemon=True).start()
def f():
    page[0] = question = os.urandom(1)[0] | 1
    while page[16] != question: time.sleep(0.001)
    return struct.unpack("d", page[8:16])[0] != 0
""",
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[BubblewrapSandbox]:
    with walled() as opened:
        yield opened


def observed(sandbox: BubblewrapSandbox, source: str, seconds: float = 5.0) -> Observations:
    job = Job(notebook=notebook(ASKS + source), functions=("f",), watched=(WATCHED,),
              limits=Limits(call_seconds=seconds))
    found = sandbox.run(job, [CallStep(key=name, function="f") for name in "ab"], {})
    assert isinstance(found, wire.Parcel), found
    assert not found.record.run.events, found.record.run.events
    return found.record


def unseen(seen: Observations) -> bool:
    """Did any call bring the answer of a watched function without being seen to use it?"""
    return any(isinstance(outcome, Returned) and not outcome.forbidden
               and outcome.rounds[0].value == Truth(value=True) for outcome in seen.outcomes.values())


@pytest.mark.parametrize("source", IN_A_CALL.values(), ids=IN_A_CALL)
def test_a_call_makes_no_process(sandbox: BubblewrapSandbox, source: str) -> None:
    assert not unseen(observed(sandbox, source))


@pytest.mark.parametrize("source", FROM_A_CELL.values(), ids=FROM_A_CELL)
def test_nothing_of_a_cell_runs_beside_a_call(sandbox: BubblewrapSandbox, source: str) -> None:
    assert not unseen(observed(sandbox, source, seconds=1.0))


def test_what_is_watched_is_seen(sandbox: BubblewrapSandbox) -> None:
    (first, second) = observed(sandbox, "def f(): return ready_made() != 0").outcomes.values()
    assert isinstance(first, Returned)
    assert first.forbidden == (WATCHED,)
    assert second == first or isinstance(second, Returned)
