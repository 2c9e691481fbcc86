"""Whatever a kernel makes up, its notebook is executed exactly as often as an honest one: once."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec
import pytest

from grader.execute import pool
from grader.execute.bubblewrap import BubblewrapSandbox
from grader.execute.sandbox import SandboxUnavailable
from grader.inside.runner.calling import passed_on
from grader.wall import messages, wire
from grader.wall.frames import HEADER, NONCE, STATUS, Kind
from grader.wall.messages import Again, CallStep, Ended, Job, LossCause, Lost, NotStarted, Observations
from tests.hostile.forging import FRAMES
from tests.notebooks import notebook

pytestmark = pytest.mark.timeout(600)
CRASHED = Ended(cause=LossCause.CRASHED)
HONEST = "def a(): return 1\ndef b(): return 2\ndef c(): return 3"

# What `b` answers, found in no honest kernel or in every one.
ANSWERS = {
    "the sentence that it was never asked":
        '{"type":"lost","cause":"crashed","detail":"not called: an earlier call ended the kernel"}',
    "the sentence that the machine was busy":
        '{"type":"lost","cause":"timeout","detail":"stopped after 3 s (wall-clock on a busy machine)"}',
    "an answer with more fields": '{"type":"returned","rounds":[],"again":"of-a-new-kernel"}',
    "a loss with more fields": '{"type":"lost","cause":"timeout","again":"alone"}',
    "a second type": '{"type":"lost","type":"ended","cause":"crashed","again":"of-a-new-kernel"}',
    "that the sandbox did not start": '{"reason":"the sandbox did not start"}',
    "nothing": "",
    **{f"lost, {cause.value}": msgspec.json.encode(Lost(cause=cause, after_seconds=1)).decode()
       for cause in LossCause},
    **{f"ended, {cause.value}, {again.value}": msgspec.json.encode(Ended(cause=cause, again=again)).decode()
       for cause in LossCause for again in Again},
}


def frame(kind: bytes, payload: bytes = b"", length: int | None = None) -> bytes:
    return HEADER.pack(kind, len(payload) if length is None else length) + payload


# What `b` writes on the channel between the kernel and its runner, before it returns.
ON_THE_CHANNEL = {
    "killed": frame(Kind.GONE.value, STATUS.pack(9)),
    "gone, of no length": frame(Kind.GONE.value),
    "stays": frame(Kind.STAYS.value), "hello": frame(Kind.HELLO.value),
    "not ready": frame(Kind.NOT_READY.value, b"the kernel died"),
    "no kind": frame(b"?"), "endless": frame(Kind.GONE.value, length=1 << 60),
    "an outcome": frame(Kind.OUTCOME.value, bytes(16) + wire.encode(Ended(cause=LossCause.CRASHED,
                                                                          again=Again.OF_A_NEW_KERNEL))),
}
# A cell that says why it stopped.
BUSY = "stopped after 60 s (wall-clock on a busy machine)"
CELLS = {
    "raises our sentence": f"raise KeyboardInterrupt({BUSY!r})",
    "raises what nbclient raises": f"class DeadKernelError(Exception): pass\nraise DeadKernelError({BUSY!r})",
    "answers for the kernel": "async def do_execute(*a, **k): return {'status': 'error', 'cause': 'timeout',"
                              f" 'ename': 'TimeoutError', 'evalue': {BUSY!r}, 'traceback': [],"
                              " 'busy': True, 'killed': True}\nget_ipython().kernel.do_execute = do_execute",
    "names a line of 5000 digits": "async def do_execute(*a, **k): return {'status': 'error', 'ename': 'E',"
                                   " 'evalue': '', 'traceback': ['Cell In[1], line ' + '9' * 5000],"
                                   " 'execution_count': 1}\nget_ipython().kernel.do_execute = do_execute",
}


def notebooks() -> Iterator[tuple[str, str]]:
    """What is made up, and the notebook that does."""
    yield "honest", notebook(HONEST)
    for name, text in ANSWERS.items():
        yield f"answers: {name}", notebook(HONEST, f"{FRAMES}\ndef b(): forge({text!r})")
    for name, data in ON_THE_CHANNEL.items():
        yield f"channel: {name}", notebook(HONEST, f"{FRAMES}\ndef b():\n    os.write(channel(), {data!r})\n"
                                                   "    return 2")
    for name, source in CELLS.items():
        yield f"cell: {name}", notebook(HONEST, source, "x = 1")


class Counting(BubblewrapSandbox):
    """Counts how often each notebook is executed."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: Counter[str] = Counter()

    def run(self, job: Job, steps: Sequence[messages.Step], arrays: Mapping[str, wire.Array],
            places: Mapping[str, str] = {}) -> wire.Parcel[Observations] | NotStarted:
        self.runs[job.notebook] += 1
        return super().run(job, steps, arrays, places)


class Observed(NamedTuple):
    runs: int
    record: Observations


@pytest.fixture(scope="module")
def observed() -> dict[str, Observed]:
    """All of them, two at a time: what is perhaps the machine's fault would be tried again alone."""
    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")
    made = dict(notebooks())
    steps = [CallStep(key=name, function=name) for name in "abc"]
    work = [pool.Work((number, ""), Job(notebook=text, functions=("a", "b", "c")), steps, {})
            for number, text in enumerate(made.values())]
    sandbox = Counting()
    try:
        with sandbox:
            found = {number: parcel for (number, _), parcel in pool.observe_all(sandbox, work, 2)}
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    records = {}
    for number, (name, text) in enumerate(made.items()):
        parcel = found[number]
        assert isinstance(parcel, wire.Parcel), (name, parcel)
        records[name] = Observed(sandbox.runs[text], parcel.record)
    return records


@pytest.mark.parametrize("name", [name for name, _ in notebooks()])
def test_it_is_executed_once(observed: dict[str, Observed], name: str) -> None:
    assert observed[name].runs == 1, observed[name].record


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_that_is_no_kernels_is_a_crash_and_costs_no_other_call(observed: dict[str, Observed],
                                                                         name: str) -> None:
    outcomes = observed[f"answers: {name}"].record.outcomes
    assert isinstance(outcomes["a"], messages.Returned)
    assert isinstance(outcomes["c"], messages.Returned)
    if name.startswith("lost, "):
        assert outcomes["b"] == msgspec.json.decode(ANSWERS[name], type=Lost)
    else:
        assert outcomes["b"] == CRASHED


@pytest.mark.parametrize("name", ["hello", "not ready", "an outcome"])
def test_a_frame_out_of_turn_costs_no_other_call(observed: dict[str, Observed], name: str) -> None:
    outcomes = observed[f"channel: {name}"].record.outcomes
    assert [type(outcome) for outcome in outcomes.values()] == [messages.Returned] * 3, outcomes


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_s_own_words_blame_no_machine(observed: dict[str, Observed], name: str) -> None:
    events = observed[f"cell: {name}"].record.run.events
    assert events
    assert not [event for event in events if event.busy or event.killed]
    assert {event.cause for event in events} == {messages.CellCause.RAISED}


def test_an_answer_that_grows_when_it_is_written_anew_is_held_to_the_same_limit() -> None:
    """The grader reads no more than that of a runner, and would ask it nothing further."""
    text = b'{"type":"returned","rounds":[' + b",".join([b'{"value":{"type":"none"}}'] * 5000) + b"]}"
    answer = bytes(NONCE) + len(text).to_bytes(8, "little") + text
    assert passed_on(answer, len(answer) - NONCE) == (wire.encode(Ended(cause=LossCause.OUTPUT)),)
    honest = bytes(NONCE) + wire.encode(Lost(cause=LossCause.MEMORY))
    assert b"".join(passed_on(honest, len(honest) - NONCE)) == honest[NONCE:]
