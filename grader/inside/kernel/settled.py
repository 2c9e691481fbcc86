"""Puts in order, for the time of one step, what a notebook may have left behind and what decides what calls
give.

What stands here belongs to the interpreter and not to an answer: a default dtype, a mode that was entered and
never left, warnings turned into errors. An answer is right or wrong whatever the cells before it left.
"""

from __future__ import annotations

import gc
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, NamedTuple

import numpy
import torch
import torch.utils._device as devices

AUTOCAST = ("cpu", "cuda")
OURS = "grader."          # modules of dispatch modes that are the world's, not the notebook's
SMALLEST = 5e-324         # of the denormal numbers
_owner: Any = torch
_stack: Any = torch._C    # its functions for modes have no types
_global_device: Any = torch._GLOBAL_DEVICE_CONTEXT
_has_gpu: Callable[[], bool] = torch.cuda.is_initialized
_depth = sys.getrecursionlimit()
_numpy_errors = numpy.geterr()


class Item(NamedTuple):
    """One thing that can be asked for and put."""

    now: Callable[[], Any]
    put: Callable[[Any], object]
    stated: Callable[[Any], Any]  # what it is to be, of what the notebook left
    decides: bool = False         # may a right answer rest on what the notebook left?


@contextmanager
def stated() -> Iterator[None]:
    """Within, all is as in a fresh interpreter. Afterwards it is as it was before."""
    with kept(), ExitStack() as stack:
        if torch.is_inference_mode_enabled():
            stack.enter_context(torch.inference_mode(False))
        for item in ITEMS:
            left = item.now()
            wanted = item.stated(left)
            if left != wanted:
                item.put(wanted)
        warnings.simplefilter("default")
        yield


@contextmanager
def kept() -> Iterator[None]:
    """What is changed within is put back afterwards."""
    found = [(item, item.now()) for item in ITEMS]
    with warnings.catch_warnings():
        try:
            yield
        finally:
            for item, value in reversed(found):
                if item.now() != value:
                    item.put(value)


def differs() -> bool:
    """Has the notebook left something that a right answer may rest on?"""
    return torch.is_inference_mode_enabled() or any(
        item.now() != item.stated(item.now()) for item in ITEMS if item.decides)


# --- what is not one function to ask and one to put ----------------------------------------------


def _always(value: Any) -> Callable[[Any], Any]:
    return lambda _: value


def _as_left(value: Any) -> Any:
    return value


def _tensor_type() -> tuple[torch.dtype, str]:
    """The default dtype, and the device that set_default_tensor_type named with it."""
    return torch.get_default_dtype(), _stack._get_default_device()


def _put_tensor_type(values: tuple[torch.dtype, str]) -> None:
    dtype, device = values
    if device != _stack._get_default_device():
        _stack._set_default_tensor_type(_owner.FloatTensor if device == "cpu" else _owner.cuda.FloatTensor)
    torch.set_default_dtype(dtype)


def _function_modes() -> tuple[Any, ...]:
    """The default device, which is a mode too, and those that were entered, the outermost first."""
    return (devices.CURRENT_DEVICE, getattr(_global_device, "device_context", None),
            *(_stack._get_function_stack_at(i) for i in range(_stack._len_torch_function_stack())))


def _put_function_modes(modes: tuple[Any, ...]) -> None:
    devices.CURRENT_DEVICE, _global_device.device_context, *entered = modes
    while _stack._len_torch_function_stack():
        _stack._pop_torch_function_stack()
    for mode in entered:
        _stack._push_on_torch_function_stack(mode)


def _dispatch_modes() -> list[Any]:
    """Those of the notebook; the world's own lies below them."""
    modes = [_stack._get_dispatch_stack_at(i) for i in range(_stack._len_torch_dispatch_stack())]
    return [mode for mode in modes if not type(mode).__module__.startswith(OURS)]


def _put_dispatch_modes(modes: list[Any]) -> None:
    for mode in reversed(_dispatch_modes()):
        _stack._pop_torch_dispatch_stack(getattr(mode, "_mode_key", None))  # torch's own have a place each
    for mode in modes:
        _stack._push_on_torch_dispatch_stack(mode)


def _autocast() -> tuple[Any, ...]:
    torch.autocast_increment_nesting()
    return (torch.autocast_decrement_nesting(), torch.is_autocast_cache_enabled(),
            *((torch.is_autocast_enabled(kind), torch.get_autocast_dtype(kind)) for kind in AUTOCAST))


def _put_autocast(values: tuple[Any, ...]) -> None:
    """With its depth: only the outermost block forgets the weights that were lowered in it."""
    depth, cached, *each = values
    for kind, (enabled, dtype) in zip(AUTOCAST, each, strict=True):
        torch.set_autocast_enabled(kind, enabled)
        torch.set_autocast_dtype(kind, dtype)
    torch.set_autocast_cache_enabled(cached)
    torch.clear_autocast_cache()
    for _ in range(depth - _autocast()[0]):
        torch.autocast_increment_nesting()
    for _ in range(_autocast()[0] - depth):
        torch.autocast_decrement_nesting()


def _deterministic() -> tuple[bool, bool]:
    return torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()


def _put_deterministic(values: tuple[bool, bool]) -> None:
    # torch.use_deterministic_algorithms imports the compiler for it
    _stack._set_deterministic_algorithms(values[0], warn_only=values[1])


def _anomaly() -> tuple[bool, bool]:
    return torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()


def _precision() -> str:
    try:
        return torch.get_float32_matmul_precision()
    except RuntimeError:  # set by torch.backends for one library alone
        return ""


def _flushes() -> bool:
    """Are denormal numbers taken for zero?"""
    return SMALLEST * 1.0 == 0.0


def _gpu() -> int:
    return torch.cuda.current_device() if _has_gpu() else 0


def _folder() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - a notebook that has replaced Path does not get in here
    except OSError:
        return ""


def _put_folder(folder: str) -> None:
    with suppress(OSError):
        os.chdir(folder)


def _put_depth(limit: int) -> None:
    with suppress(RecursionError):  # lower than the stack is here
        sys.setrecursionlimit(limit)


future: Any = _owner.__future__
ITEMS = (
    # what tensors are made of, where, and whether a graph is kept
    Item(_tensor_type, _put_tensor_type, _always((torch.float32, "cpu")), decides=True),
    Item(_function_modes, _put_function_modes, _always((None, None)), decides=True),
    Item(_dispatch_modes, _put_dispatch_modes, _always([]), decides=True),
    Item(torch.is_grad_enabled, torch.set_grad_enabled, _always(True), decides=True),
    Item(_autocast, _put_autocast, lambda left: (0, True, *((False, dtype) for _, dtype in left[2:])),
         decides=True),
    # "cuda" is the current one of several
    Item(_gpu, torch.cuda.set_device, _always(0)),
    # `model.to` then puts new parameters in place of those that an optimiser holds
    Item(future.get_overwrite_module_params_on_conversion, future.set_overwrite_module_params_on_conversion,
         _always(False)),
    Item(future.get_swap_module_params_on_conversion, future.set_swap_module_params_on_conversion,
         _always(False)),
    # how numbers are worked out
    Item(_precision, lambda name: torch.set_float32_matmul_precision(name or "highest"), _always("highest")),
    Item(_flushes, torch.set_flush_denormal, _always(False)),
    Item(torch.get_num_threads, torch.set_num_threads, _as_left),
    # what else raises
    Item(_deterministic, _put_deterministic, _always((False, False))),
    Item(_anomaly, lambda values: torch.set_anomaly_enabled(*values), _always((False, True))),
    Item(numpy.geterr, lambda errors: numpy.seterr(**errors), _always(_numpy_errors)),
    Item(sys.getrecursionlimit, _put_depth, lambda left: max(left, _depth)),
    # a folder that was deleted: relative paths, and what asks for the current one, fail without any
    Item(_folder, _put_folder, lambda left: left or tempfile.gettempdir()),
    # what runs beside
    Item(gc.get_debug, gc.set_debug, _always(0)),  # may keep what was to be collected
    Item(sys.getprofile, sys.setprofile, _always(None)),
    Item(sys.gettrace, sys.settrace, _always(None)),
)
