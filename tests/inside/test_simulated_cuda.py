"""The simulated worlds: the conformance table, what the worlds are for, and where they end."""

from __future__ import annotations

import copy
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
import torch

from grader.inside import simulated_cuda
from grader.inside.simulated_cuda import SimulationLimit
from grader.inside.simulated_cuda.gpus import KNOWN
from grader.spec import NO_CUDA, NO_DRIVER, World
from grader.spec.worlds import GPU_NAMES
from tests.conformance.modules import MODULES, OPTIMISERS
from tests.conformance.outcome import agree, leading, outcome
from tests.conformance.record import RECORDING
from tests.conformance.snippets import LINES, ORDINAL, UNCOMPILED


def machine(*gpus: str) -> World:
    return World(name="machine", gpus=gpus, built_for_cuda="12.9")


ONE, TWO = machine("NVIDIA A100-SXM4-40GB"), machine("NVIDIA A100-SXM4-40GB", "Tesla T4")
WORLDS = {"no-cuda": NO_CUDA, "no-driver": NO_DRIVER, "one-gpu": ONE, "two-gpus": TWO}
GPUS = {"one-gpu": 1, "two-gpus": 2}
CPU_BUILD = torch.version.cuda is None


def seen_in(world: str, snippet: str) -> str:
    with simulated_cuda.entered(WORLDS[world]):
        return outcome(snippet)


# The conformance table

def test_the_table_is_long_enough_and_has_no_line_twice() -> None:
    assert len(LINES) >= 120
    assert len({(world, snippet) for world, snippet, _ in LINES}) == len(LINES)


@pytest.mark.parametrize(("world", "snippet", "expected"), LINES)
def test_conformance(world: str, snippet: str, expected: str) -> None:
    seen = seen_in(world, snippet)
    assert agree(seen, expected), seen


@pytest.mark.skipif(not CPU_BUILD, reason="the world without CUDA is a CPU build, and this is none")
@pytest.mark.parametrize(("snippet", "expected"), [line[1:] for line in LINES if line[0] == "no-cuda"])
def test_a_real_cpu_build_agrees(snippet: str, expected: str) -> None:
    seen = outcome(snippet)
    assert agree(seen, expected), seen


@pytest.mark.gpu
@pytest.mark.parametrize(("world", "snippet", "expected"), [line for line in LINES if line[0] in GPUS])
def test_a_real_gpu_agrees(world: str, snippet: str, expected: str) -> None:
    if torch.cuda.device_count() == 0:
        pytest.skip("no GPU here")
    if min(torch.cuda.device_count(), 2) != GPUS[world]:
        pytest.skip(f"this machine is not the world {world}: see CUDA_VISIBLE_DEVICES")
    seen = outcome(snippet)
    assert agree(seen, expected), seen


def test_the_simulation_agrees_with_the_recording() -> None:
    if not RECORDING.exists():
        pytest.skip("never recorded on a GPU: python -m tests.conformance.record")
    lines = json.loads(RECORDING.read_text())["lines"]
    differ = [(line["snippet"], line["outcome"], seen) for line in lines
              if leading(seen := seen_in(line["world"], line["snippet"])) != leading(line["outcome"])]
    assert differ == []


# What the worlds are for: mistakes that a CPU-only machine cannot tell from right work

RIGHT = """
def run():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    net = nn.Linear(2, 1).to(device)
    return str(net(torch.ones(1, 2).to(device)).device)
"""
MISTAKES = {
    "right": (RIGHT, {"no-cuda": "'cpu'", "one-gpu": "'cuda:0'", "two-gpus": "'cuda:0'"}),
    "hard-coded .cuda()": (
        "def run():\n    return str(nn.Linear(2, 1).cuda().weight.device)",
        {"no-cuda": UNCOMPILED, "one-gpu": "'cuda:0'", "two-gpus": "'cuda:0'"}),
    "model moved, data not": (
        RIGHT.replace(".to(device)).device", ").device"),
        {"no-cuda": "'cpu'", "one-gpu": "RuntimeError: Expected all tensors to be on the same device"}),
    "Tensor.to not assigned": (
        RIGHT.replace("return", "x = torch.ones(1, 2)\n    x.to(device)\n    return").replace(
            "torch.ones(1, 2).to(device)", "x"),
        {"no-cuda": "'cpu'", "one-gpu": "RuntimeError: Expected all tensors to be on the same device"}),
    "device compared with a string": (
        "def run():\n    device = 'cuda' if torch.cuda.is_available() else 'cpu'\n"
        "    return torch.ones(1, device=device).device == device",
        {"no-cuda": "False", "one-gpu": "False", "two-gpus": "False"}),
    "cuda is not cuda:0": (
        "def run():\n    device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')\n"
        "    return torch.ones(1, device=device).device == device",
        {"no-cuda": "True", "one-gpu": "False", "two-gpus": "False"}),
    "is_available without parentheses": (
        RIGHT.replace("is_available()", "is_available"), {"no-cuda": UNCOMPILED, "one-gpu": "'cuda:0'"}),
    "unguarded get_device_name": (
        "def run():\n    return isinstance(torch.cuda.get_device_name(0), str)",
        {"no-cuda": UNCOMPILED, "one-gpu": "True", "two-gpus": "True"}),
    "hard-coded cuda:1": (
        "def run():\n    return str(torch.ones(1, device='cuda:1' if torch.cuda.is_available() else "
        "'cpu').device)",
        {"no-cuda": "'cpu'", "one-gpu": ORDINAL,
         "two-gpus": "'cuda:1'"}),
    "numpy of a GPU's tensor": (
        "def run():\n    device = 'cuda' if torch.cuda.is_available() else 'cpu'\n"
        "    return torch.ones(1, device=device).numpy().tolist()",
        {"no-cuda": "[1.0]", "one-gpu": "TypeError: can't convert cuda:0 device type tensor to numpy"}),
    "right, by torch.accelerator": (
        "def run():\n    a = torch.accelerator\n"
        "    device = a.current_accelerator() if a.is_available() else torch.device('cpu')\n"
        "    return str(torch.ones(1, device=device).device)",
        {"no-cuda": "'cpu'", "one-gpu": "'cuda:0'", "two-gpus": "'cuda:0'"}),
    "right, by imported names": (
        "from torch.cuda import device_count\ndef run():\n"
        "    return [f'cuda:{i}' for i in range(device_count())] or ['cpu']",
        {"no-cuda": "['cpu']", "one-gpu": "['cuda:0']", "two-gpus": "['cuda:0', 'cuda:1']"}),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_show(mistake: str) -> None:
    source, expected = MISTAKES[mistake]
    for world, wanted in expected.items():
        seen = seen_in(world, f"{source}\nrun()")
        assert agree(seen, wanted), (world, seen)


def test_the_gpus_have_the_names_they_were_given() -> None:
    with simulated_cuda.entered(machine("NVIDIA H200", "A name of our own")):
        assert torch.cuda.get_device_name() == "NVIDIA H200"
        assert torch.cuda.get_device_name(1) == "A name of our own"
        assert torch.cuda.get_device_capability(0) == (9, 0)
        assert "NVIDIA H200" in repr(torch.cuda.get_device_properties(0))


@pytest.mark.parametrize("name", GPU_NAMES)
def test_a_gpu_that_may_be_drawn_has_figures_of_its_own(name: str) -> None:
    memory, capability, processors, _ = KNOWN[name]
    with simulated_cuda.entered(machine(name)):
        found = torch.cuda.get_device_properties(0)
        assert found.total_memory == memory << 30
        assert torch.cuda.get_device_capability() == capability >= (7, 0)
        assert found.multi_processor_count == processors


# What is hidden

def test_a_build_for_cuda_without_a_driver_is_one_from_the_first_line() -> None:
    source = ("from torch.version import cuda\nfrom torch.cuda import current_device\n"
              "try:\n    current_device()\nexcept RuntimeError as error:\n    said = str(error)\n"
              "cuda, said[:30]")
    assert seen_in("no-driver", source) == "('13.0', 'Found no NVIDIA driver on your')"
    asked = "torch.backends.cuda.is_built(), torch.cuda.is_available()"
    assert seen_in("no-driver", asked) == "(True, False)"


def test_a_hidden_gpu_is_no_missing_driver() -> None:
    with simulated_cuda.entered(World(name="hidden", gpus=(), built_for_cuda="13.0")):
        assert outcome("torch.ones(1, device='cuda')") == "RuntimeError: No CUDA GPUs are available"


MPS = """torch.backends.mps.is_available()
torch.backends.mps.is_built()
torch.mps.device_count()
torch.mps.synchronize()
torch.mps.current_allocated_memory()
torch.mps.get_rng_state()
torch.mps.manual_seed(1)
torch.backends.mps.is_macos13_or_newer()
torch.manual_seed(1).device""".splitlines()


@pytest.fixture
def on_a_mac(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This build answers as one with MPS does, and has been asked before."""
    torch.backends.mps.is_available.cache_clear()
    torch.backends.mps.is_macos13_or_newer.cache_clear()
    answers = {"_mps_is_available": True, "_mps_is_on_macos_or_newer": True, "_mps_deviceSynchronize": None,
               "_mps_currentAllocatedMemory": 0, "_mps_get_default_generator": torch.Generator(),
               "_accelerator_getAccelerator": torch.device("mps"), "_get_accelerator": torch.device("mps")}
    for name, answer in answers.items():
        monkeypatch.setattr(torch._C, name, lambda *_, answer=answer: answer)
    monkeypatch.setattr(torch._C, "_accelerator_deviceCount", lambda: 1, raising=False)    # up to torch 2.7
    monkeypatch.setattr(torch._C, "_has_mps", True)
    monkeypatch.setattr(torch.mps, "_default_mps_generator", None)
    assert outcome("torch.backends.mps.is_available(), torch.backends.mps.is_built()") == "(True, True)"
    assert outcome("torch.accelerator.current_accelerator(), torch.accelerator.device_count()"
                   ) == "(device(mps), 1)"
    assert [outcome(snippet).partition(":")[0] for snippet in MPS].count("RuntimeError") == 0
    yield
    torch.backends.mps.is_available.cache_clear()
    torch.backends.mps.is_macos13_or_newer.cache_clear()


@pytest.mark.parametrize("world", WORLDS)
def test_mps_is_hidden(world: str, on_a_mac: None) -> None:
    hidden = {snippet: leading(seen_in(world, snippet), 2) for snippet in MPS}
    assert hidden == {
        "torch.backends.mps.is_available()": "False", "torch.backends.mps.is_built()": "False",
        "torch.mps.device_count()": "0", "torch.mps.synchronize()": "RuntimeError: Cannot execute",
        "torch.mps.current_allocated_memory()": "RuntimeError: Cannot execute",
        "torch.mps.get_rng_state()": "RuntimeError: Cannot execute", "torch.mps.manual_seed(1)": "None",
        "torch.backends.mps.is_macos13_or_newer()": "RuntimeError: Cannot execute",
        "torch.manual_seed(1).device": "device(cpu)"}
    accelerator = seen_in(world, "torch.accelerator.current_accelerator(), torch.accelerator.device_count()")
    assert accelerator == {"no-cuda": "(None, 0)", "no-driver": "(device(cuda), 0)",
                           "one-gpu": "(device(cuda), 1)", "two-gpus": "(device(cuda), 2)"}[world]
    assert torch.backends.mps.is_available()


# Numbers are real

def trained(device: str) -> list[torch.Tensor]:
    torch.manual_seed(3)
    net = torch.nn.Sequential(torch.nn.Linear(5, 8), torch.nn.Tanh(), torch.nn.BatchNorm1d(8),
                              torch.nn.Linear(8, 2))
    x, y = torch.randn(16, 5), torch.randint(0, 2, (16,))
    net, x, y = net.to(device), x.to(device), y.to(device)
    optimiser = torch.optim.AdamW(net.parameters(), lr=0.05)
    for _ in range(5):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(net(x), y).backward()
        optimiser.step()
    return [p.detach().cpu() for p in net.parameters()]


def test_training_on_a_simulated_gpu_gives_the_cpus_numbers() -> None:
    reference = trained("cpu")
    with simulated_cuda.entered(ONE):
        simulated = trained("cuda")
    for ours, theirs in zip(simulated, reference, strict=True):
        # the same kernels run; a foreach update may round a sum in another order
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)


def passed_through(expressions: tuple[str, ...], device: str) -> list[torch.Tensor]:
    """Forward and backward on this device: output, gradients of the parameters and of the inputs,
    on the CPU."""
    torch.manual_seed(4)
    names = {"torch": torch, "nn": torch.nn}
    module, *inputs = (eval(expression, names) for expression in expressions)
    inputs = [x.to(device).requires_grad_(x.is_floating_point()) for x in inputs]
    module = module.to(device)
    output = module(*inputs)
    output = output[0] if isinstance(output, tuple) else output
    if output.requires_grad:
        output.square().sum().backward()
    found = [output, *(p.grad for p in module.parameters()), *(x.grad for x in inputs)]
    assert {t.device.type for t in found if t is not None} == {device}
    return [t.detach().cpu() for t in found if t is not None]


@pytest.mark.parametrize("expressions", MODULES, ids=lambda made: made[0])
def test_modules_work_on_a_simulated_gpu(expressions: tuple[str, ...]) -> None:
    reference = passed_through(expressions, "cpu")
    with simulated_cuda.entered(ONE):
        simulated = passed_through(expressions, "cuda")
    for ours, theirs in zip(simulated, reference, strict=True):
        # the same kernels: torch.testing's own tolerance is ample
        torch.testing.assert_close(ours, theirs)


@pytest.mark.filterwarnings("ignore:Lazy modules are a new feature")
def test_a_lazy_module_is_moved_before_it_has_weights() -> None:
    with simulated_cuda.entered(ONE):
        layer = torch.nn.LazyLinear(2).cuda()
        assert layer(torch.ones(1, 3, device="cuda")).is_cuda
        assert layer.weight.is_cuda


@pytest.mark.parametrize("name", OPTIMISERS)
def test_optimisers_work_on_a_simulated_gpu(name: str) -> None:
    with simulated_cuda.entered(ONE):
        net = torch.nn.Linear(3, 2).cuda()
        optimiser = getattr(torch.optim, name)(net.parameters())
        x, before = torch.randn(4, 3, device="cuda"), net.weight.detach().clone()

        def loss() -> torch.Tensor:
            optimiser.zero_grad()
            value: torch.Tensor = net(x).square().mean()
            value.backward()
            return value

        for _ in range(3):
            optimiser.step(loss)
        again = getattr(torch.optim, name)(net.parameters())
        again.load_state_dict(copy.deepcopy(optimiser.state_dict()))
        again.step(loss)
        assert net.weight.is_cuda
        assert not torch.equal(net.weight, before)


# Where a world holds

@pytest.mark.skipif(not CPU_BUILD, reason="pretends that a CPU build is one with CUDA")
def test_a_build_with_cuda_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def real() -> int:
        raise AssertionError("the real CUDA was asked")

    monkeypatch.setattr(torch.version, "cuda", "12.9")
    monkeypatch.setattr(torch._C, "_has_cuda", True)
    for name in ("_cuda_getDeviceCount", "_cuda_init", "_cuda_getDevice"):
        monkeypatch.setattr(torch._C, name, real, raising=False)
    monkeypatch.setattr(torch._C, "_accelerator_getAccelerator", lambda: torch.device("cuda"))
    for world, snippet, expected in LINES:
        if world not in GPUS:
            assert agree(seen_in(world, snippet), expected), (world, snippet)
    assert torch.version.cuda == "12.9"
    assert agree(seen_in("one-gpu", "torch.cuda.device_count(), torch.ones(1, device='cuda').device"),
                 "(1, device(cuda:0))")


def test_it_holds_in_a_forked_child() -> None:
    with simulated_cuda.entered(ONE):
        torch.ones(1, device="cuda")
        child = os.fork()
        if child == 0:
            try:
                good = torch.cuda.is_available() and (torch.ones(2, device="cuda") + 1).is_cuda
                torch.ones(2, device="cuda") + torch.ones(2)
            except RuntimeError as error:
                good = good and str(error).startswith("Expected all tensors")
            else:
                good = False
            os._exit(0 if good else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_gpus_file_does_not_load_without_one() -> None:
    held = io.BytesIO()
    with simulated_cuda.entered(ONE):
        torch.save(torch.ones(2, device="cuda"), held)
    held.seek(0)
    with simulated_cuda.entered(NO_CUDA), pytest.raises(RuntimeError,
                                               match="Attempting to deserialize object on a CUDA dev"):
        torch.load(held)
    held.seek(0)
    with simulated_cuda.entered(NO_CUDA):
        assert torch.load(held, map_location="cpu").tolist() == [1.0, 1.0]


def test_no_tensor_of_torchs_own_is_left_behind() -> None:
    # these make tensors in C++ "on the device of the input", which there is the CPU
    with simulated_cuda.entered(ONE):
        x = torch.ones(3, 4, device="cuda", requires_grad=True)
        for result in (
            torch.nn.functional.scaled_dot_product_attention(x[None], x[None], x[None], is_causal=True),
            torch.nn.functional.ctc_loss(x[:, None].log_softmax(-1), torch.tensor([[1]]),
                                         (3,), (1,)),  # type: ignore[arg-type]  # tuples are documented
            torch.nn.functional.triplet_margin_loss(x, x + 1, x - 1), torch.cov(x), torch.cdist(x, x),
            torch.nn.functional.interpolate(x[None], scale_factor=2.0), x[:, [0, 2]],
            x.index_select(0, torch.tensor(
                [0], device="cuda")), torch.cumprod(x, 0), torch.trapezoid(x), torch.linalg.svdvals(x),
        ):
            assert result.is_cuda
            x.grad = None
            result.sum().backward()
            assert x.grad is not None
            assert x.grad.is_cuda


def test_leaving_puts_torch_back() -> None:
    before = (torch.device, torch.zeros, torch.cuda.Stream, torch.version.cuda, torch.Tensor.to,
              torch.Tensor.device)
    with simulated_cuda.entered(TWO):
        assert torch.zeros is not before[1]
    after = (torch.device, torch.zeros, torch.cuda.Stream, torch.version.cuda, torch.Tensor.to,
             torch.Tensor.device)
    assert before == after
    assert not hasattr(torch.UntypedStorage, "_gpu_tag")
    assert torch._C._len_torch_dispatch_stack() == 0


def test_a_world_is_entered_once() -> None:
    with simulated_cuda.entered(NO_CUDA), pytest.raises(RuntimeError, match="already in a world"):
        simulated_cuda.enter(ONE)


def test_memory_is_given_back() -> None:
    with simulated_cuda.entered(ONE):
        x = torch.zeros(1 << 20, device="cuda")
        assert torch.cuda.memory_allocated() == 4 << 20
        if hasattr(torch.accelerator, "memory_allocated"):      # since torch 2.9
            assert torch.accelerator.memory_allocated() == 4 << 20
        del x
        assert (torch.cuda.memory_allocated(), torch.cuda.max_memory_allocated()) == (0, 4 << 20)


def test_importing_costs_no_torch() -> None:
    asked = "import sys, grader.inside.simulated_cuda; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0


# Where the simulation ends

LIMITS = {
    "CUDAGraph": lambda: torch.cuda.CUDAGraph(),
    "to_sparse": lambda: torch.eye(2, device="cuda").to_sparse(),
    "sparse_coo_tensor": lambda: torch.sparse_coo_tensor(torch.tensor([[0]]), torch.ones(1), device="cuda"),
    "dlpack": lambda: torch.utils.dlpack.from_dlpack(torch.ones(1, device="cuda")),
    "DataParallel": lambda: torch.nn.DataParallel(torch.nn.Linear(1, 1).cuda())(torch.ones(2, 1)),
    "_cuda_sleep": lambda: torch.cuda._sleep(1),
    "ExternalStream": lambda: torch.cuda.ExternalStream(0),
}


@pytest.mark.parametrize("operation", LIMITS)
def test_what_cannot_be_simulated_says_so(operation: str) -> None:
    alike = machine("Tesla T4", "Tesla T4")
    with simulated_cuda.entered(alike), pytest.raises(SimulationLimit, match=operation):
        LIMITS[operation]()
