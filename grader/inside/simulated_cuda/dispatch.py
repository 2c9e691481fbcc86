"""Every operation of ATen, forward and backward: are its tensors on one device, and where is its result?

The numbers are real and computed by the CPU; only the tags of tags.py travel. Working below autograd means
that the gradients of a backward pass, and what hooks see of them, are tagged by the same rule as everything
else.
"""

# ruff: noqa: ARG005 (the signatures are PyTorch's)
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from .driver import CPU, Machine
from .limit import unable
from .streams import GpuGenerator
from .tags import NEUTRAL, Neutral, Tag, storage_of

_Tags = list[Tag | Neutral | None]
_tensor = torch._C.TensorBase

# These copy between devices, or take a tensor that belongs on the CPU: no common device is asked of them.
FREE = {"copy_", "_to_copy", "_copy_from", "_copy_from_and_resize", "set_", "_ctc_loss", "is_same_size",
        "_ctc_loss_backward",
        "_pad_packed_sequence", "record_stream", "is_pinned", "_pin_memory", "detach", "lift_fresh", "alias",
        "_reshape_alias", "is_set_to", "_has_compatible_shallow_copy_type", "_foreach_copy_"}
INDEXED = {"index", "index_put", "index_put_", "_index_put_impl_", "_unsafe_index", "_unsafe_index_put"}
# TensorIterator lets a 0-dimensional CPU tensor join a GPU's (TensorIteratorConfig::allow_cpu_scalars). ATen
# tags such operations "pointwise"; these are iterated too and lack the tag, or take a 0-dimensional value by
# their own rule.
POINTWISE = {"mse_loss", "smooth_l1_loss", "huber_loss", "masked_fill", "masked_fill_", "fill", "fill_",
             "isin", "binary_cross_entropy_with_logits", "_prelu_kernel", "lerp_", "where"}


# These ask the real runtime, whatever tensor they are given
INSTEAD: dict[str, Any] = {"_pin_memory": lambda tensor, *device: tensor.pin_memory(),
                           "is_pinned": lambda tensor, *device: tensor.is_pinned(),
                           "record_stream": lambda *tensor_and_stream: None}
NVIDIAS = ("cudnn_conv", "cudnn_batch", "cudnn_grid", "cudnn_affine", "_cudnn", "_cufft", "_cslt", "miopen")


@dataclass(frozen=True)
class Facts:
    """What the rules need to know of an operation."""

    name: str           # without "aten::" and overload
    run: Any            # the operation itself, without OpOverload's own look-ups
    lenient: bool       # 0-dimensional CPU tensors may join
    changes_first: bool
    draws: bool         # takes random numbers
    tensors: tuple[str, ...]    # the names of the arguments that are tensors


def facts_of(func: Any) -> Facts:
    schema = getattr(func, "_schema", None)
    if schema is None:                  # a higher-order operator
        return Facts(str(func), func, True, False, False, ("an argument",))
    name = schema.name.partition("::")[2]
    run = unable(f"torch.ops.aten.{name}") if name.startswith(NVIDIAS) else INSTEAD.get(name, func._op)
    return Facts(
        name, run, torch.Tag.pointwise in func.tags or name in POINTWISE or name.startswith("_foreach"),
        schema.is_mutable and name.endswith("_"), torch.Tag.nondeterministic_seeded in func.tags,
        tuple(a.name for a in schema.arguments if "Tensor" in str(a.type)) or ("an argument",))


def gather(args: Any, found: list[torch.Tensor]) -> list[torch.Tensor]:
    """The tensors among these arguments, in their order."""
    for value in args:
        if isinstance(value, _tensor):
            found.append(value)  # type: ignore[arg-type]
        elif isinstance(value, (list, tuple)):
            gather(value, found)
    return found


class OnGpus(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """The mode that stands below everything in a world with GPUs."""

    supports_higher_order_operators = True

    def __init__(self, machine: Machine) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.machine = machine
        self.facts: dict[Any, Facts] = {}

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # else each operation passes through torch._dynamo, at ten times the cost
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        facts = self.facts.get(func)
        if facts is None:
            facts = self.facts[func] = facts_of(func)
        tensors = gather(args, [])
        if kwargs:
            gather(kwargs.values(), tensors)
        tags: _Tags = []
        plain = bool(tensors) and not (kwargs and "device" in kwargs)
        for tensor in tensors:
            try:
                tag = tensor.untyped_storage()._gpu_tag  # type: ignore[attr-defined]
            except (RuntimeError, NotImplementedError, ValueError):
                storage = storage_of(tensor)
                tag = None if storage is None else storage._gpu_tag  # type: ignore[attr-defined]
            tags.append(tag)
            if tag is not None:
                plain = False
        if plain and self.machine.here.asked is None:
            return facts.run(*args, **kwargs) if kwargs else facts.run(*args)
        return self._placed(facts, args, dict(kwargs or {}), tensors, tags)

    def _placed(self, facts: Facts, args: Any, kwargs: dict[str, Any], tensors: list[torch.Tensor],
                tags: _Tags) -> Any:
        """Check the devices, run, and tag what came out."""
        named: torch.device | None = None
        if "device" in kwargs or not tensors or facts.name == "_to_copy":
            named = self.machine.here.asked
            device = kwargs.get("device")
            if device is not None and device.type == "cuda":
                named, kwargs["device"] = self.machine.place(device), CPU
            elif device is not None and device.type != "cpu":
                named = device          # meta, say
        common = self._common(facts, args, tensors, tags)
        target: torch.device | None = named if named is not None else common
        result = self._run(facts, args, kwargs, target)
        if not tensors and named is None:
            target = None               # from torch's own C++
        elif (target is not None and target.type != "cuda") or facts.name in ("set_", "copy_",
                                                                              "_foreach_copy_"):
            return result
        outputs = gather(result if isinstance(result, (list, tuple)) else (result,), [])
        if facts.name == "_pack_padded_sequence":
            outputs = outputs[:1]       # the batch sizes stay on the CPU
        for output in outputs:
            self.machine.mark(output, target)
        return result

    def _run(self, facts: Facts, args: Any, kwargs: dict[str, Any], target: torch.device | None) -> Any:
        """Run the operation; a GPU draws its random numbers from its own generator, never from the CPU's."""
        if not facts.draws or target is None:
            return facts.run(*args, **kwargs)
        given = kwargs.get("generator") or next((a for a in args if isinstance(a, torch._C.Generator)), None)
        if given is not None:
            kind = GpuGenerator.device_of(given).type
            if kind != target.type:
                raise RuntimeError(f"Expected a '{target.type}' device type for generator but found '{kind}'")
            return facts.run(*args, **kwargs)
        if target.type != "cuda":
            return facts.run(*args, **kwargs)
        cpu, gpu = torch.default_generator, self.machine.generators[target.index]
        before = cpu.get_state()
        cpu.set_state(gpu.get_state())
        try:
            return facts.run(*args, **kwargs)
        finally:
            gpu.set_state(cpu.get_state())
            cpu.set_state(before)

    def _common(self, facts: Facts, args: Any, tensors: list[torch.Tensor],
                tags: _Tags) -> torch.device | None:
        """The one device of these tensors, or PyTorch's error that there is none. Neutral ones join it."""
        gpus = {tag.device for tag in tags if tag is not None and tag.device is not None}
        if not gpus:
            return self._without_gpu(tensors, tags)
        if facts.name in INDEXED:
            check_indices(self.machine, args)
        elif facts.name == "_pack_padded_sequence":
            check_lengths(self.machine, args[1])
        elif facts.name.startswith("_foreach"):
            return self._foreach(facts, args, next(iter(gpus)))
        elif facts.name not in FREE and (len(gpus) > 1 or None in tags):
            check_together(self.machine, facts, tensors)
        first: torch.device = next(tag.device for tag in tags if tag is not None and tag.device is not None)
        if facts.name in INDEXED or facts.name in FREE:
            lead = tags[0]
            first = CPU if lead is None else first if lead.device is None else lead.device
        for tensor, tag in zip(tensors, tags, strict=True):
            if tag is NEUTRAL:
                self.machine.mark(tensor, first)
        return first

    def _without_gpu(self, tensors: list[torch.Tensor], tags: _Tags) -> torch.device | None:
        """What comes of neutral tensors alone is neutral; beside a tensor of the CPU they are the CPU's."""
        neutral = [tensor for tensor, tag in zip(tensors, tags, strict=True) if tag is not None]
        if neutral and all(tag is not None or tensor.dim() == 0 for tensor,
                           tag in zip(tensors, tags, strict=True)):
            return None
        for tensor in neutral:
            self.machine.mark(tensor, CPU)
        return CPU

    def _foreach(self, facts: Facts, args: Any, any_gpu: torch.device) -> torch.device:
        """Lists go by position: the tensors at one place must be together, the places need not."""
        if facts.name not in FREE:
            lists = [value for value in args if isinstance(value, (list, tuple)) and gather(value, [])]
            loose = [value for value in args if isinstance(value, _tensor)]
            for place in zip(*lists, strict=False):
                check_together(self.machine, facts, gather([*place, *loose], []))
        devices = {self.machine.device_of(tensor) for tensor in gather(args[:1], [])}
        return devices.pop() if len(devices) == 1 else any_gpu


def check_together(machine: Machine, facts: Facts, tensors: list[torch.Tensor]) -> None:
    """TensorIterator's rule where it applies, else the one that PyTorch generates for each CUDA kernel."""
    devices = [machine.device_of(tensor) for tensor in tensors]
    neutral = [getattr(storage_of(tensor), "_gpu_tag", None) is NEUTRAL for tensor in tensors]
    counted = [
        (place, device) for place, (tensor, device) in enumerate(zip(tensors, devices, strict=True))
        if not neutral[place] and not (facts.lenient and device == CPU and tensor.dim() == 0
                                       and not (facts.changes_first and place == 0))]
    if len({device for _, device in counted}) > 1:
        complain(facts, tensors, devices, counted)


def complain(facts: Facts, tensors: list[torch.Tensor], devices: list[torch.device],
             counted: list[tuple[int, torch.device]]) -> NoReturn:
    """PyTorch's own words: TensorIterator.cpp, Convolution.cpp, TensorAdvancedIndexing.cpp,
    ATen/core/adaption.cpp."""
    kinds = {device.type for device in devices}
    if facts.name.startswith("masked_fill") and devices[0] != devices[1]:
        raise RuntimeError(f"expected self and mask to be on the same device, but got mask on {devices[1]} "
                           f"and self on {devices[0]}")
    if facts.name.startswith("convolution") and len(kinds) > 1:
        other = 1 if devices[0].type != devices[1].type else 2
        raise RuntimeError(f"Input type ({tensors[0].type()}) and {'weight' if other == 1 else 'bias'} type "
                           f"({tensors[other].type()}) should be the same")
    if facts.lenient:
        first = next((device for device in devices if device.type == "cuda"), devices[0])
        other_device = next((device for _, device in counted if device != first), CPU)
        raise RuntimeError("Expected all tensors to be on the same device, but found at least two devices, "
                           f"{first} and {other_device}!")
    first = counted[0][1]
    place, device = next((place, device) for place, device in counted if device != first)
    name = facts.tensors[min(place, len(facts.tensors) - 1)]    # the last may be a list
    raise RuntimeError(
        f"Expected all tensors to be on the same device, but got {name} is on {device}, different from other "
        f"tensors on {first} (when checking argument in method wrapper_CUDA_{facts.name})")


def check_indices(machine: Machine, args: Any) -> None:
    """Indices may be on the CPU, or beside what they index; a 0-dimensional value may be anywhere."""
    where = machine.device_of(args[0])
    for index in gather(args[1], []):
        device = machine.device_of(index)
        if device not in (CPU, where):
            raise RuntimeError("indices should be either on cpu or on the same device as the indexed tensor "
                               f"({where})")
    for value in gather(args[2:3], []):
        if value.dim() and machine.device_of(value) != where:
            raise RuntimeError("Expected all tensors to be on the same device, but found at least two "
                               "devices, " f"{where} and {machine.device_of(value)}!")


def check_lengths(machine: Machine, lengths: torch.Tensor) -> None:
    device = machine.device_of(lengths)
    if device != CPU:
        raise RuntimeError(f"'lengths' argument should be a 1D CPU int64 tensor, but got {lengths.dim()}D "
                           f"{device} {lengths.type().rpartition('.')[2].removesuffix('Tensor')} tensor")
