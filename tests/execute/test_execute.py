"""Jobs in, observations out: what is run again, hostile runners, and the sandbox that isolates nothing."""

from __future__ import annotations

import io
import json
import shutil
import struct
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import KernelManager
from msgspec.structs import replace

from grader.execute import bubblewrap, doctor, mounts, pool
from grader.execute.exchange import checked, converse
from grader.execute.gpus import Gpu
from grader.execute.opening import open_sandbox
from grader.execute.sandbox import Sandbox, SandboxUnavailable
from grader.inside.runner import executing
from grader.inside.runner.proc import Process, memory_of
from grader.wall import frames, wire
from grader.wall.frames import Kind
from grader.wall.messages import (
    Again,
    CallStep,
    CellCause,
    CellEvent,
    Ended,
    Job,
    Limits,
    LossCause,
    Lost,
    NotStarted,
    Observations,
    Outcome,
    Raised,
    Returned,
    Round,
    Run,
    Step,
    World,
)
from grader.wall.values import TensorRef, Text, Truth, Whole
from tests.notebooks import notebook

JOB = Job(notebook=notebook("x = 1"), limits=Limits(observation_bytes=1 << 16))
STEPS = [CallStep(key=name, function=name) for name in "abc"]
FINE = Returned(rounds=(Round(value=Whole(value=1)),))


class Scripted:
    """A sandbox that answers from a list."""

    name = "scripted"
    layers: tuple[str, ...] = ()
    gpus: tuple[Gpu, ...] = ()

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[Job, list[str]]] = []

    def await_ready(self) -> None:
        return

    def run(self, job: Job, steps: Sequence[Step], arrays: Mapping[str, wire.Array],
            places: Mapping[str, str] = {}) -> wire.Parcel[Observations] | NotStarted:
        self.asked.append((job, [step.key for step in steps]))
        answer = self.answers.pop(0)
        return answer if isinstance(answer, NotStarted) else wire.Parcel(record=answer)

    def close(self) -> None: ...

    def __enter__(self) -> Scripted:
        return self

    def __exit__(self, *_: object) -> None: ...


def observations(*events: CellEvent, **outcomes: Outcome) -> Observations:
    return Observations(run=Run(events=events), outcomes=outcomes)


def observe(*answers: Any) -> tuple[Any, Scripted]:
    sandbox = Scripted(*answers)
    return pool.observe(sandbox, JOB, STEPS, {}), sandbox


def test_a_sandbox_that_does_not_start_is_tried_again_but_not_for_ever() -> None:
    failed = NotStarted(reason="no")
    found, _ = observe(failed, observations(a=FINE))
    assert isinstance(found, wire.Parcel)
    found, sandbox = observe(*[failed] * 9)
    assert found == failed
    assert len(sandbox.asked) == pool.TRIES


def test_a_deadly_cell_is_left_out_once() -> None:
    deadly = CellEvent(cell=2, cause=CellCause.CRASHED, killed=True)
    found, sandbox = observe(observations(deadly),
                             Observations(run=Run(events=(CellEvent(cell=1, cause=CellCause.RAISED),),
                                                  left_out=(2,)), outcomes={"a": FINE}))
    assert [job.left_out for job, _ in sandbox.asked] == [(), (2,)]
    assert [event.cell for event in found.record.run.events] == [1, 2]
    _, sandbox = observe(observations(deadly), observations(replace(deadly, cell=3)))
    assert len(sandbox.asked) == 2


def test_steps_behind_a_deadly_call_are_asked_of_a_new_kernel() -> None:
    crashed = Ended(cause=LossCause.CRASHED)
    unasked = replace(crashed, again=Again.OF_A_NEW_KERNEL)
    found, sandbox = observe(observations(a=FINE, b=crashed, c=unasked), observations(c=FINE))
    assert found.record.outcomes == {"a": FINE, "b": crashed, "c": FINE}
    assert [keys for _, keys in sandbox.asked] == [["a", "b", "c"], ["c"]]


def test_what_a_busy_machine_stopped_is_run_once_more_alone() -> None:
    slow = observations(a=Ended(cause=LossCause.TIMEOUT, again=Again.ALONE))
    sandbox = Scripted(slow, observations(a=FINE), observations(a=FINE))
    work = [pool.Work((n, "w"), JOB, STEPS[:1], {}) for n in range(2)]
    found = dict(pool.observe_all(sandbox, work, 2))
    assert len(sandbox.asked) == 3
    assert all(each.record.outcomes == {"a": FINE} for each in found.values())  # type: ignore[union-attr]


def test_a_timeout_of_cpu_time_counts_at_once() -> None:
    slow = observations(a=Ended(cause=LossCause.TIMEOUT, after_seconds=1))
    sandbox = Scripted(slow, slow)
    assert len(list(pool.observe_all(sandbox, [pool.Work((n, "w"), JOB, [], {}) for n in range(2)], 2))) == 2
    assert len(sandbox.asked) == 2


def test_a_worker_takes_up_the_next_job_while_a_result_is_judged() -> None:
    sandbox = Scripted(observations(a=FINE), observations(a=FINE))
    results = pool.observe_all(sandbox, [pool.Work((n, "w"), JOB, STEPS[:1], {}) for n in range(2)], 1)
    next(results)
    end = time.monotonic() + 10
    while len(sandbox.asked) < 2 and time.monotonic() < end:
        time.sleep(0.01)
    assert len(sandbox.asked) == 2
    assert len(list(results)) == 1


class Recorded:
    """A runner's words, recorded before."""

    def __init__(self, data: bytes) -> None:
        self.source, self.said = io.BytesIO(data), io.BytesIO()
        self.readinto, self.write, self.flush = self.source.readinto, self.said.write, self.said.flush


def frame(kind: Kind, payload: bytes = b"") -> bytes:
    return frames.HEADER.pack(kind.value, len(payload)) + payload


RUN = frame(Kind.RUN, wire.encode(Run(executed=notebook("1"))))


@pytest.mark.parametrize("said", [b"", Kind.STARTED.value, frame(Kind.NOT_READY, b"\xff why"),
                                  frame(Kind.RUN), b"\xff" * 40,
                                  frames.HEADER.pack(Kind.STARTED.value, 1 << 60)], ids=range(6))
def test_before_started_it_is_ours(said: bytes) -> None:
    assert isinstance(converse(Recorded(said), JOB, STEPS, {}), NotStarted)


@pytest.mark.parametrize("said", [
    b"", frame(Kind.RUN), frame(Kind.NOT_READY, b"broke"), frame(Kind.RUN, b"\0" * 100),
    frames.HEADER.pack(Kind.RUN.value, 1 << 40), RUN,
    RUN + frame(Kind.OUTCOME), RUN + frame(Kind.OUTCOME, b"\xff" * 99),
    RUN + frames.HEADER.pack(Kind.OUTCOME.value, 1 << 40),
    RUN + frame(Kind.NOT_READY, b"x"),
    RUN + frame(Kind.OUTCOME, wire.encode(Run())), RUN + frame(Kind.OUTCOME, wire.encode(FINE)),
], ids=range(12))
def test_after_started_it_is_the_students(said: bytes) -> None:
    found = converse(Recorded(frame(Kind.STARTED) + said), JOB, STEPS, {})
    assert isinstance(found, wire.Parcel)
    assert set(found.record.outcomes) == {"a", "b", "c"}
    assert any(isinstance(outcome, Ended) for outcome in found.record.outcomes.values())


def test_an_executed_notebook_that_is_none_is_dropped() -> None:
    said = frame(Kind.STARTED) + frame(Kind.RUN, wire.encode(Run(executed="[" * 5000, defined=("f",))))
    found = converse(Recorded(said), JOB, [], {})
    assert isinstance(found, wire.Parcel)
    assert (found.record.run.executed, found.record.run.defined) == ("", ("f",))


ARRAY = wire.Array(dtype="float32", shape=(2,), data=bytes(8))
REF = TensorRef(key="a/0", dtype="float32", shape=(2,))


@pytest.mark.parametrize(("ref", "key", "fits"), [
    (REF, "a/0", True), (REF, "a/1", False), (replace(REF, shape=(3,)), "a/0", False),
    (replace(REF, dtype="int8"), "a/0", False), (replace(REF, key="b/0"), "b/0", False)], ids=range(5))
def test_references_must_fit_their_numbers(ref: TensorRef, key: str, fits: bool) -> None:
    outcome, arrays = checked(wire.encode(Returned(rounds=(Round(value=ref),)), {key: ARRAY}), "a")
    assert isinstance(outcome, Returned) is fits
    assert bool(arrays) is fits


def test_memory_is_exact_only_where_it_matters() -> None:
    tree = [Process(pid=1 << 22, parent=1, cpu_seconds=0.0, resident=100)]
    assert memory_of(tree, 1000) == 100
    assert memory_of(tree, 10) == 0  # that process is no more


def test_an_unknown_sandbox_is_one_line() -> None:
    with pytest.raises(SandboxUnavailable, match="choose bubblewrap or process"):
        open_sandbox("docker")


def test_without_bubblewrap_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(SandboxUnavailable) as caught:
        open_sandbox(None)
    assert "apt install bubblewrap" in str(caught.value)
    assert "--sandbox process" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_bubblewrap_that_is_refused_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: "/bin/false")
    with pytest.raises(SandboxUnavailable, match="--sandbox process"):
        bubblewrap.BubblewrapSandbox().await_ready()


def test_the_doctor_examines_without_touching_cuda() -> None:
    found = {finding.name: finding for finding in doctor.findings()}
    assert {"bubblewrap", "user namespaces", "system call filter", "torch", "CUDA", "cores",
            "memory"} <= set(found)
    assert all(finding.remedy for finding in found.values() if not finding.ok)
    initialized: Any = torch.cuda.is_initialized
    assert not initialized()


def test_python_is_named_by_where_it_lies_not_by_a_link_to_it(tmp_path: Path,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path(sys.prefix).resolve()
    (tmp_path / "link").symlink_to(real)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "link"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "link" / "bin" / "python"))
    assert mounts.python() == str(real / "bin" / "python")
    assert str(tmp_path) not in " ".join(mounts.environment())


@pytest.fixture(scope="module", params=["process", "bubblewrap"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    if request.param == "bubblewrap" and shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")
    with open_sandbox(request.param) as opened:
        yield opened


def test_a_whole_job(sandbox: Sandbox) -> None:
    source = ("import torch, time\nfrom torch.nn.init import kaiming_normal_\ntorch.set_grad_enabled(False)\n"
              "def good(x, *, scale): return x * scale\ndef bad(x):\n    raise ValueError('no')\n"
              "def forbidden(x): kaiming_normal_(x)\ndef slow(x):\n    while True: pass\n"
              "def grad(x): return torch.is_grad_enabled()\n%matplotlib inline\nimport matplotlib.pyplot as "
              "plt\nplt.plot([1, 2]);")
    names = ("good", "bad", "forbidden", "slow", "grad")
    job = Job(notebook=notebook("1/0", source, "print('é')", "%%bad magic"), functions=(*names, "absent"),
              watched=("torch.nn.init.kaiming_normal_",), limits=Limits(call_seconds=1.0))
    ref = TensorRef(key="x", dtype="float32", shape=(2, 2))
    steps = [CallStep(key=name, function=name, arguments=(ref,),
                      keywords=(("scale", Whole(value=2)),) if name == "good" else ()) for name in names]
    ones = wire.Array(dtype="float32", shape=(2, 2), data=torch.ones(2, 2).numpy().tobytes())
    found = sandbox.run(job, steps, {"x": ones})
    assert isinstance(found, wire.Parcel), found
    seen = found.record
    assert seen.run.defined == names
    first = seen.run.events[0]
    assert (first.cell, first.error, first.line) == (0, "ZeroDivisionError", 1)
    good, bad, forbidden, slow, grad = (seen.outcomes[name] for name in names)
    assert isinstance(good, Returned)
    assert isinstance(good.rounds[0].value, TensorRef)
    assert found.arrays[good.rounds[0].value.key].data == (2 * torch.ones(2, 2)).numpy().tobytes()
    assert isinstance(bad, Raised)
    assert [(line.cell, line.line) for line in bad.lines] == [(1, 6)]
    assert isinstance(forbidden, Returned)
    assert forbidden.forbidden == ("torch.nn.init.kaiming_normal_",)
    assert isinstance(slow, Lost | Ended)
    assert slow.cause is LossCause.TIMEOUT
    if isinstance(slow, Lost):
        assert [line.text for line in slow.lines] == ["while True: pass"]
    else:  # where no CPU time is measured, or a busy machine left too little of it
        assert sys.platform != "linux" or slow.again is Again.ALONE
    assert isinstance(grad, Returned)
    assert grad.rounds[0].value == Truth(value=True), "the grad mode that the notebook left is not the call's"
    outputs = json.loads(seen.run.executed)["cells"]
    assert outputs[2]["outputs"][0]["text"] == "é\n"
    assert "image/png" in outputs[1]["outputs"][0]["data"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cells": 5}', '{"cells": [5]}',
                                  '{"cells": [{"source": 5}]}', "\x00"], ids=range(7))
def test_a_notebook_that_is_none_is_not_our_fault(sandbox: Sandbox, text: str) -> None:
    if sandbox.name == "process" and text:
        pytest.skip("the same code runs in both, and here each costs seconds")
    found = sandbox.run(replace(JOB, notebook=text), STEPS, {})
    assert isinstance(found, wire.Parcel)
    assert all(isinstance(outcome, Ended) for outcome in found.record.outcomes.values())


def test_a_simulated_world_stands_before_the_first_cell(sandbox: Sandbox) -> None:
    job = Job(notebook=notebook("import torch\nprint(torch.cuda.device_count(), torch.ones(2, "
                                "device='cuda').device)\ndef f(): return torch.ones(2, device='cuda:0')"),
              world=World(name="one-gpu", gpus=("A simulated GPU",), built_for_cuda="12.9"))
    found = sandbox.run(job, [CallStep(key="f", function="f")], {})
    assert isinstance(found, wire.Parcel), found
    assert json.loads(found.record.run.executed)["cells"][0]["outputs"][0]["text"] == "1 cuda:0\n"
    outcome = found.record.outcomes["f"]
    assert isinstance(outcome, Returned)
    assert isinstance(outcome.rounds[0].value, TensorRef)
    assert outcome.rounds[0].value.device == "cuda:0"


def test_a_kernel_that_runs_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """nbclient waits for a fifth of a second for messages that a kernel of its own might still send."""
    waited: list[Any] = []
    monkeypatch.setattr(AsyncKernelClient, "wait_for_ready", lambda *_, **how: waited.append(how))
    manager = KernelManager()
    manager.start_kernel()
    try:
        attached = executing.Attached(cast("Any", None), manager.connection_file, manager.is_alive)
        text = json.dumps({"cells": [{"cell_type": "markdown", "source": "# Title"}]})
        execution = executing.Execution(replace(JOB, notebook=text), cast("Any", None), lambda: None)
        executed, events = execution.run(attached)
        assert execution.kc is not None
        execution.kc.stop_channels()
        attached.context.destroy()
    finally:
        manager.shutdown_kernel(now=True)
        manager.context.destroy()
    assert json.loads(executed)["cells"][0]["source"] == "# Title"
    assert (events, waited) == ((), [])


def test_what_an_exercise_preloads_is_there_before_the_first_cell() -> None:
    """And what cannot be imported does no harm; a kernel's own list of modules is whole again."""
    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")
    source = ("import sys\nimport ipykernel.ipkernel\ndef loaded(name): return name in sys.modules\n"
              "def whole(): return ipykernel.ipkernel.sys is sys")
    steps = [CallStep(key="loaded", function="loaded", arguments=(Text(value="tabnanny"),)),
             CallStep(key="whole", function="whole")]
    with bubblewrap.BubblewrapSandbox() as opened:
        for preload, there in ((), False), (("no.such.module", "tabnanny"), True), ((), True):
            found = opened.run(Job(notebook=notebook(source), preload=preload), steps, {})
            assert isinstance(found, wire.Parcel), found
            values = [outcome.rounds[0].value for outcome in found.record.outcomes.values()
                      if isinstance(outcome, Returned)]
            assert values == [Truth(value=there), Truth(value=True)]


def test_a_warm_server_that_died_is_started_again() -> None:
    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")
    with bubblewrap.BubblewrapSandbox() as opened:
        opened.server.process.kill()
        opened.server.process.wait()
        assert isinstance(pool.observe(opened, JOB, [], {}), wire.Parcel)
    assert isinstance(opened.run(JOB, [], {}), NotStarted)


def test_frames_refuse_more_than_is_wanted() -> None:
    with pytest.raises(frames.Broken):
        frames.get(io.BytesIO(struct.pack("<cQ", b"o", 100) + bytes(100)), 99)
