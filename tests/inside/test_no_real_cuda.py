"""Nothing of a simulated world reaches the real CUDA, whatever torch was built for."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from grader.inside import simulated_cuda
from grader.inside.simulated_cuda import bindings
from grader.inside.simulated_cuda.streams import Event, Stream
from tests.conformance.modules import OPTIMISERS
from tests.inside.reaching import WORLDS

ROOT = Path(__file__).parents[2]
GPU = WORLDS["one-gpu"]


@pytest.mark.parametrize("world", WORLDS)
def test_everything_for_cuda_can_be_called(world: str, tmp_path: Path) -> None:
    """Each is simulated, or refuses as the simulation does; none ends the process or asks the real CUDA."""
    environment = {**os.environ, "LD_DEBUG": "libs", "LD_DEBUG_OUTPUT": str(tmp_path / "libraries")}
    done = subprocess.run([sys.executable, "-m", "tests.inside.reaching", world], cwd=ROOT, env=environment,
                          capture_output=True, text=True, check=False)
    *reached, last = done.stdout.splitlines() or [""]
    assert reached == []
    assert int(last.partition(" ")[0]) > 200, done.stderr[-2000:]


@pytest.mark.skipif(torch.version.cuda is None, reason="a build for the CPU lacks what is compared")
def test_the_names_of_a_build_for_cuda_are_known() -> None:
    """So a build for the CPU has them all in a world with a GPU."""
    here = {name for name in vars(torch._C) if name.startswith(bindings.FUNCTIONS)}
    assert {name for name in here - bindings.ONLY_FOR_CUDA if not name.startswith("_accelerator_")} <= {
        "_graph_pool_handle"}


@pytest.mark.skipif(torch.version.cuda is None, reason="a build for the CPU has nothing to compare with")
@pytest.mark.parametrize(("real", "simulated"), [(torch.cuda.Stream, Stream), (torch.cuda.Event, Event)])
def test_streams_and_events_have_every_public_name(real: type, simulated: type) -> None:
    with simulated_cuda.entered(GPU):
        made = torch.cuda.current_stream() if simulated is Stream else torch.cuda.Event()
        lacking = [name for name in dir(real) if name[0] != "_" and not hasattr(made, name)]
    assert lacking == []


def variants(name: str) -> list[dict[str, Any]]:
    """The ways to make an optimiser's step that its signature knows."""
    known = inspect.signature(getattr(torch.optim, name)).parameters
    ways: list[dict[str, Any]] = [{}, {"foreach": True}, {"foreach": False}, {"fused": True},
                                  {"capturable": True}, {"capturable": True, "foreach": True}]
    return [way for way in ways if way.keys() <= known.keys()]


@pytest.mark.parametrize(("name", "way"), [(name, way) for name in OPTIMISERS for way in variants(name)])
def test_every_way_to_step_gives_the_cpus_numbers(name: str, way: dict[str, Any]) -> None:
    def trained(device: str, way: dict[str, Any]) -> torch.Tensor:
        torch.manual_seed(3)
        net, x = nn.Linear(3, 2), torch.randn(4, 3)
        net, x = net.to(device), x.to(device)
        optimiser = getattr(torch.optim, name)(net.parameters(), **way)

        def loss() -> torch.Tensor:
            optimiser.zero_grad()
            value: torch.Tensor = net(x).square().mean()
            value.backward()
            return value

        for _ in range(3):
            optimiser.step(loss)
        assert net.weight.device.type == device
        return net.weight.detach().cpu()

    if way.get("fused") and name == "Adagrad" and torch.__version__ < "2.9":
        pytest.skip("for CUDA not before torch 2.9")
    reference = trained("cpu", {})
    with simulated_cuda.entered(GPU):
        simulated = trained("cuda", way)
    # The ways round sums in another order, and some add epsilon at another place
    torch.testing.assert_close(simulated, reference, rtol=1e-4, atol=1e-5)


def on_a_stream() -> None:
    """Data that is moved while something else is computed, as tutorials have it."""
    stream = torch.cuda.Stream(priority=-1)
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        batch = [x.pin_memory().to("cuda", non_blocking=True) for x in (torch.ones(2), torch.ones(3))]
    torch.cuda.current_stream().wait_stream(stream)
    for x in batch:
        x.record_stream(torch.cuda.current_stream())
    event = torch.cuda.Event()
    event.record(stream)
    torch.cuda.current_stream().wait_event(event)
    general = torch.Stream("cuda")
    torch.accelerator.set_stream(general)
    general.wait_event(torch.accelerator.current_stream().record_event())
    assert isinstance(general, torch.Stream)
    assert isinstance(stream, torch.cuda.Stream)
    assert stream.query()
    assert {x.device.type for x in batch} == {"cuda"}


def with_a_loader() -> None:
    data = torch.utils.data.TensorDataset(torch.randn(8, 2))
    for workers in (0, 1):
        for (x,) in torch.utils.data.DataLoader(data, 4, pin_memory=True, num_workers=workers):
            assert x.is_pinned()
            assert x.cuda(non_blocking=True).is_cuda


def in_parallel() -> None:
    assert nn.DataParallel(nn.Linear(2, 2).cuda())(torch.ones(2, 2, device="cuda")).is_cuda


def in_mixed_precision() -> None:
    for scaler in (torch.amp.GradScaler("cuda"), torch.cuda.amp.GradScaler()):
        net = nn.Linear(2, 2).cuda()
        optimiser = torch.optim.Adam(net.parameters())
        with torch.autocast("cuda"):
            loss = net(torch.ones(1, 2, device="cuda")).sum()
        scaler.scale(loss).backward()
        scaler.unscale_(optimiser)
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        scaler.step(optimiser)
        scaler.update()
        assert loss.dtype is torch.float32 or loss.dtype is torch.float16


def by_chance() -> None:
    generator = torch.Generator(device="cuda").manual_seed(1)
    first = torch.randperm(4, device="cuda", generator=generator)
    assert torch.equal(first, torch.randperm(4, device="cuda", generator=generator.manual_seed(1)))
    torch.cuda.manual_seed_all(3)
    before = torch.rand(2, device="cuda")
    with torch.random.fork_rng():
        torch.cuda.manual_seed_all(5)
    torch.cuda.set_rng_state_all(torch.cuda.get_rng_state_all())
    torch.cuda.manual_seed_all(3)
    assert torch.equal(before, torch.rand(2, device="cuda"))


def checkpointed() -> None:
    x = torch.ones(2, 2, device="cuda", requires_grad=True)
    torch.utils.checkpoint.checkpoint(lambda x: x * x, x, use_reentrant=False).sum().backward()
    with torch.autograd.graph.save_on_cpu(pin_memory=True):
        (x * x).sum().backward()
    assert x.grad is not None
    assert x.grad.is_cuda


def profiled() -> None:
    activities = [torch.profiler.ProfilerActivity.CPU, torch.profiler.ProfilerActivity.CUDA]
    with torch.profiler.profile(activities=activities) as profile:
        torch.ones(2, device="cuda") * 2
    assert "aten::mul" in profile.key_averages().table()


def told() -> None:
    assert torch.cuda.memory_summary()
    assert torch.cuda.memory_stats()["allocated_bytes.all.current"] == torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    torch.cuda.set_per_process_memory_fraction(0.5)
    assert torch.cuda.get_arch_list()
    assert not torch.cuda.is_current_stream_capturing()
    assert torch.backends.cudnn.version() > 0


def stored() -> None:
    assert torch.UntypedStorage(4, device="cuda").is_cuda
    assert not torch.UntypedStorage(4).is_cuda
    assert torch.cuda.FloatTensor([1.0]).is_cuda  # type: ignore[attr-defined]
    assert torch.ones(2).untyped_storage().pin_memory().is_pinned()
    assert torch.ops.aten._pin_memory(torch.ones(2)).is_pinned()


@pytest.mark.filterwarnings("ignore")       # torch's own, of what is old in it
@pytest.mark.parametrize("works", [on_a_stream, with_a_loader, in_parallel, in_mixed_precision, by_chance,
                                   checkpointed, profiled, told, stored], ids=lambda works: works.__name__)
def test_what_tutorials_do_works_on_a_simulated_gpu(works: Any) -> None:
    with simulated_cuda.entered(GPU):
        works()


def test_a_name_that_torch_lacks_is_an_attribute_error() -> None:
    """As in a build for CUDA; what is there and cannot be simulated says that instead."""
    for world in WORLDS.values():
        with simulated_cuda.entered(world):
            for name in ("_cuda_anything", "_accelerator_anything", "_nccl_anything"):
                with pytest.raises(AttributeError, match=name):
                    getattr(torch._C, name)
    with simulated_cuda.entered(GPU), pytest.raises(simulated_cuda.SimulationLimit, match="_cuda_sleep"):
        torch._C._cuda_sleep(1)
