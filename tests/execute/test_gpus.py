"""Real GPUs: which are found and given away, and that no mark is made of one that has gone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from grader.execute import doctor, gpus, mounts, pool
from grader.execute.gpus import Gpu, NoGpu
from grader.execute.opening import open_sandbox
from grader.execute.pool import Work
from grader.execute.sandbox import Sandbox
from grader.exercise.inline import as_notebook
from grader.wall import wire
from grader.wall.messages import (
    CallStep,
    Job,
    Limits,
    LossCause,
    Lost,
    NotStarted,
    Observations,
    Outcome,
    Returned,
    Run,
    Step,
    World,
)
from grader.wall.values import SequenceValue, Truth

TWO = (Gpu(uuid="GPU-aa", name="NVIDIA A10", node="/dev/nvidia0"),
       Gpu(uuid="GPU-bb", name="NVIDIA L4", node="/dev/nvidia3"))
XML = """<?xml version="1.0" ?>
<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v12.dtd">
<nvidia_smi_log>
  <driver_version>580.65.06</driver_version>
  <gpu id="00000000:17:00.0"><product_name>NVIDIA A10</product_name><uuid>GPU-aa</uuid>
    <minor_number>0</minor_number></gpu>
  <gpu id="00000000:65:00.0"><product_name>NVIDIA L4</product_name><uuid>GPU-bb</uuid>
    <minor_number>3</minor_number></gpu>
</nvidia_smi_log>"""
JOB = Job(notebook=as_notebook(["def f(): return 1"]), functions=("f",))
STEPS = (CallStep(key="f", function="f"),)


def test_what_nvidia_smi_prints_is_read() -> None:
    assert gpus.parsed(XML.encode()) == TWO
    assert gpus.parsed(b"NVIDIA-SMI has failed") == ()


@pytest.mark.parametrize(("visible", "names"), [
    (None, ["GPU-aa", "GPU-bb"]), ("", []), ("1", ["GPU-bb"]), ("GPU-a", ["GPU-aa"]),
    ("0,1", ["GPU-aa", "GPU-bb"]), ("-1", []), ("GPU-cc", [])])
def test_cuda_visible_devices_is_obeyed(visible: str | None, names: list[str]) -> None:
    assert [gpu.uuid for gpu in gpus.allowed(TWO, visible)] == names


def driver(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which nvidia-smi names two GPUs. None of them answers: there is no driver behind it."""
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{XML}\nEND\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a driver here")
def test_a_gpu_that_does_not_answer_is_not_graded_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driver(tmp_path, monkeypatch)
    assert gpus.listed() == TWO
    assert "libcuda" in gpus.silence(TWO[0])
    assert gpus.chosen("cpu") == gpus.chosen("auto") == ()
    with pytest.raises(NoGpu, match=r"--device cuda: no NVIDIA GPU answers here \(NVIDIA A10: "
                       r".*libcuda.*--device cpu"):
        gpus.chosen("cuda")


@pytest.mark.skipif(shutil.which("nvidia-smi") is not None, reason="there is a driver here")
def test_the_command_says_in_one_line_that_there_is_no_gpu(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "grader", "batch", str(tmp_path), "--device", "cuda"],
                          capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == ("grader: --device cuda: no NVIDIA GPU answers here (the driver shows none); see "
                           "grader doctor, or grade with --device cpu\n")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a driver here")
def test_the_doctor_names_a_gpu_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driver(tmp_path, monkeypatch)
    found = next(finding for finding in doctor.findings() if finding.name == "CUDA")
    assert not found.ok
    assert found.detail == "NVIDIA A10, NVIDIA L4"
    assert found.remedy.startswith("does not answer: NVIDIA A10 (")


class Watching:
    """A sandbox that notes what each job was given, and how many were on a GPU at once."""

    name = "watching"
    layers: tuple[str, ...] = ()
    gpus: tuple[Gpu, ...] = TWO

    def __init__(self, **outcomes: Outcome) -> None:
        self.given: list[tuple[str, str, float]] = []
        self.outcomes, self.on, self.most = outcomes, 0, 0
        self.lock = threading.Lock()

    def await_ready(self) -> None:
        return

    def run(self, job: Job, steps: Sequence[Step], arrays: Mapping[str, wire.Array],
            places: Mapping[str, str] = {}) -> wire.Parcel[Observations] | NotStarted:
        with self.lock:
            self.given.append((job.gpu, job.gpu_node, job.gpu_share))
            self.on += bool(job.gpu)
            self.most = max(self.most, self.on)
        threading.Event().wait(0.02)
        with self.lock:
            self.on -= bool(job.gpu)
        return wire.Parcel(record=Observations(run=Run(), outcomes=dict(self.outcomes)), arrays={})

    def close(self) -> None:
        return

    def __enter__(self) -> Watching:
        return self

    def __exit__(self, *_: object) -> None:
        return


def works(*on_gpu: bool) -> list[Work]:
    return [Work((i, "w"), JOB, STEPS, {}, on_gpu=wanted) for i, wanted in enumerate(on_gpu)]


@pytest.mark.parametrize(("jobs_per_gpu", "most"), [(1, 2), (2, 4)])
def test_a_gpu_is_given_to_so_many_jobs_at_once(jobs_per_gpu: int, most: int) -> None:
    sandbox = Watching()
    found = list(pool.observe_all(sandbox, works(*[True] * 12), 8, jobs_per_gpu))
    assert sorted(key[0] for key, _ in found) == list(range(12))
    assert sandbox.most == most
    assert {uuid: node for uuid, node, _ in sandbox.given} == {"GPU-aa": "/dev/nvidia0",
                                                               "GPU-bb": "/dev/nvidia3"}
    assert {share for *_, share in sandbox.given} == {pool.ROOM / jobs_per_gpu}


def test_jobs_without_a_gpu_do_not_wait_for_one() -> None:
    seats, waiting = pool.Seats(TWO[:1], 1), iter(works(True, True, True, False))
    taken = [seats.next(waiting), seats.next(waiting), seats.next(waiting)]
    assert [(work.key[0], gpu) for work, gpu in filter(None, taken)] == [(0, TWO[0]), (3, None)]
    seats.free.append(TWO[0])
    again = seats.next(waiting)
    assert again is not None
    assert again[0].key[0] == 1


def test_a_job_crowded_out_of_memory_is_made_again_alone() -> None:
    sandbox = Watching(f=Lost(cause=LossCause.MEMORY))
    sandbox.gpus = ()  # nothing to ask whether it still answers
    work = works(True)[0]
    assert pool.perhaps_crowded_out(work, sandbox.run(JOB, STEPS, {}))
    assert not pool.perhaps_crowded_out(work._replace(on_gpu=False), sandbox.run(JOB, STEPS, {}))
    assert not pool.perhaps_crowded_out(work, NotStarted(reason="gone"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="the GPU answers here")
@pytest.mark.parametrize(("outcome", "withheld"), [
    (Lost(cause=LossCause.CRASHED), True), (Returned(rounds=()), False)],
                         ids=["something went wrong", "all is well"])
def test_what_went_wrong_on_a_gpu_that_has_gone_is_not_the_students(outcome: Outcome, withheld: bool) -> None:
    """Neither of the two GPUs answers on a machine without a driver."""
    (_, found), = pool.observe_all(Watching(f=outcome), works(True), 1)
    assert isinstance(found, NotStarted) is withheld
    if isinstance(found, NotStarted):
        assert found.reason.startswith("NVIDIA A10 no longer answers: ")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a driver here")
def test_a_kernel_that_cannot_have_its_gpu_does_not_start() -> None:
    """So the mark is withheld, and the next job starts as if nothing had been."""
    with open_sandbox("bubblewrap", TWO) as sandbox:
        job = Job(notebook=JOB.notebook, functions=("f",), gpu="GPU-aa", gpu_node="/dev/nvidia0")
        found = sandbox.run(job, STEPS, {})
        assert isinstance(found, NotStarted)
        assert re.search("CUDA|NVIDIA driver", found.reason)     # the one or the other build's
        assert isinstance(sandbox.run(JOB, STEPS, {}), wire.Parcel)


ASKS_THE_C_LIBRARY = """
import ctypes, os
def f():
    getenv = ctypes.CDLL(None).getenv
    getenv.restype = ctypes.c_char_p
    return [getenv(b"CUDA_VISIBLE_DEVICES") == b"", "CUDA_VISIBLE_DEVICES" in os.environ]
"""


def test_torchs_own_c_code_counts_no_real_gpu_in_a_simulated_world() -> None:
    """Its autograd counts them at the first backward, whatever Python's torch.cuda says."""
    job = Job(notebook=as_notebook([ASKS_THE_C_LIBRARY]), functions=("f",),
              world=World(name="one", gpus=("Tesla T4",), built_for_cuda="12.9"))
    with open_sandbox("process") as sandbox:
        found = sandbox.run(job, STEPS, {})
    assert isinstance(found, wire.Parcel), found
    outcome = found.record.outcomes["f"]
    assert isinstance(outcome, Returned), outcome
    value = outcome.rounds[0].value
    assert isinstance(value, SequenceValue)
    assert value.items == (Truth(value=True), Truth(value=False))


def test_the_sandbox_sees_of_the_gpus_what_it_needs_and_only_then() -> None:
    def nodes(arguments: list[str]) -> set[str]:
        return {word for word in arguments if word.startswith("/dev/nvidia")}
    assert nodes(mounts.arguments()) == set()
    assert nodes(mounts.arguments(TWO[1:])) == {"/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools",
                                                "/dev/nvidia3"}
    assert "/sys/bus/pci" not in mounts.arguments()
    assert ("--ro-bind-try", "/sys") not in set(pairwise(mounts.arguments(TWO)))


SERVER = """
import torch
touched = []
for name in "_lazy_init", "device_count", "current_device", "get_device_properties", "manual_seed_all":
    setattr(torch.cuda, name, lambda *_, name=name: touched.append(name))
from grader.inside.runner import server
server.preload()
print(touched, torch.cuda.is_initialized())
"""


def test_the_warm_server_never_touches_cuda() -> None:
    """Not even to count: a process that has counted once cannot be forked into one that uses a GPU."""
    environment = {**os.environ, "PYTORCH_NVML_BASED_CUDA_CHECK": "1", "MPLBACKEND": "agg"}
    done = subprocess.run([sys.executable, "-c", SERVER], capture_output=True, text=True, env=environment,
                          check=True)
    assert done.stdout.split("\n")[-2] == "[] False"
    assert "PYTORCH_NVML_BASED_CUDA_CHECK" in mounts.environment()


# --- on a machine with a GPU ---------------------------------------------------------------------------

HANGS = """
import torch
def endless():
    while True:
        x = torch.randn(4096, 4096, device="cuda")
        for _ in range(100): x = x @ x
def leak():
    kept = []
    while True: kept.append(torch.empty(1 << 28, device="cuda"))
def fine(): return (torch.ones(8, device="cuda").sum().item(), torch.cuda.device_count())
"""


@pytest.fixture(scope="module", params=["process", "bubblewrap"])
def with_gpu(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    found = gpus.chosen("auto")
    if not found:
        pytest.skip("no GPU here")
    with open_sandbox(request.param, found) as opened:
        yield opened


@pytest.mark.gpu
def test_what_one_call_does_to_the_gpu_ends_with_it(with_gpu: Sandbox) -> None:
    names = ("endless", "leak", "fine")
    job = Job(notebook=as_notebook([HANGS]), functions=names, limits=Limits(call_seconds=5))
    steps = tuple(CallStep(key=name, function=name) for name in names)
    ((_, found),) = pool.observe_all(with_gpu, [Work((0, "w"), job, steps, {}, on_gpu=True)], 1)
    assert isinstance(found, wire.Parcel), found
    assert isinstance(found.record.outcomes["endless"], Lost)
    assert not isinstance(found.record.outcomes["leak"], Returned)
    assert isinstance(found.record.outcomes["fine"], Returned)


@pytest.mark.gpu
def test_without_a_gpu_of_its_own_a_job_sees_none(with_gpu: Sandbox) -> None:
    job = Job(notebook=as_notebook(["import torch\ndef f(): return torch.cuda.device_count()"]),
              functions=("f",))
    found = with_gpu.run(job, STEPS, {})
    assert isinstance(found, wire.Parcel), found
    outcome = found.record.outcomes["f"]
    assert isinstance(outcome, Returned)
    assert getattr(outcome.rounds[0].value, "value", None) == 0
