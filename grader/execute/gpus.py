"""This machine's NVIDIA GPUs: which there are, and whether one answers. Asked in processes of their own.

The grader itself never initialises CUDA: a GPU that hangs or vanishes must not take the batch with it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from xml.etree import ElementTree

from grader.errors import Mendable

SECONDS = 60.0   # for the driver to wake a GPU that sleeps, and to find that one is gone
HOW_TO_GO_ON = "see grader doctor, or grade with --device cpu"
# A context, a buffer, a kernel of the driver's own, and the wait for it, through the driver's C interface:
# CUDA driver API, "Primary Context Management" and "Memory Management". torch would take seconds to import.
EXERCISED = """
import ctypes
cuda = ctypes.CDLL("libcuda.so.1")
def call(name, *arguments):
    error = getattr(cuda, name)(*arguments)
    if error:
        raise SystemExit(f"{name} gives error {error}")
device, context, buffer = ctypes.c_int(), ctypes.c_void_p(), ctypes.c_uint64()
call("cuInit", 0)
call("cuDeviceGet", ctypes.byref(device), 0)
call("cuDevicePrimaryCtxRetain", ctypes.byref(context), device)
call("cuCtxSetCurrent", context)
call("cuMemAlloc_v2", ctypes.byref(buffer), ctypes.c_size_t(1 << 20))
call("cuMemsetD8_v2", buffer, ctypes.c_ubyte(1), ctypes.c_size_t(1 << 20))
call("cuCtxSynchronize")
"""


@dataclass(frozen=True, kw_only=True)
class Gpu:
    """One GPU, as CUDA_VISIBLE_DEVICES and the file system name it."""

    uuid: str
    name: str
    node: str            # /dev/nvidia0


class NoGpu(Mendable):
    """A GPU was asked for and there is none that answers."""


def chosen(device: str) -> tuple[Gpu, ...]:
    """The GPUs to grade on: none for "cpu"; those that answer for "auto"; for "cuda" there must be one.

    Raises:
        NoGpu: "cuda" was asked for, and no GPU answers.
    """
    if device == "cpu":
        return ()
    there = listed()
    silent = {gpu: why for gpu in there if (why := silence(gpu))}
    answering = tuple(gpu for gpu in there if gpu not in silent)
    if device == "cuda" and not answering:
        why = next((f"{gpu.name}: {text}" for gpu, text in silent.items()), "the driver shows none")
        raise NoGpu(f"--device cuda: no NVIDIA GPU answers here ({why}); {HOW_TO_GO_ON}")
    return answering


def listed() -> tuple[Gpu, ...]:
    """The GPUs that the driver shows, and that CUDA_VISIBLE_DEVICES does not hide; none without a driver."""
    command = shutil.which("nvidia-smi")
    if command is None:
        return ()
    try:
        done = subprocess.run([command, "-q", "-x"], capture_output=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return allowed(parsed(done.stdout), os.environ.get("CUDA_VISIBLE_DEVICES"))


def parsed(xml: bytes) -> tuple[Gpu, ...]:
    """The GPUs in what `nvidia-smi -q -x` prints."""
    try:
        tree = ElementTree.fromstring(xml)
    except ElementTree.ParseError:
        return ()
    return tuple(Gpu(uuid=gpu.findtext("uuid", ""), name=gpu.findtext("product_name", "").strip(),
                     node=f"/dev/nvidia{gpu.findtext('minor_number', '')}") for gpu in tree.iter("gpu"))


def allowed(gpus: tuple[Gpu, ...], visible: str | None) -> tuple[Gpu, ...]:
    """Those that CUDA_VISIBLE_DEVICES names, by index or by the beginning of their UUID."""
    if visible is None:
        return gpus
    words = [word.strip() for word in visible.split(",") if word.strip()]
    return tuple(gpu for index, gpu in enumerate(gpus)
                 if any(word == str(index) or (word.startswith("GPU-") and gpu.uuid.startswith(word))
                        for word in words))


def silence(gpu: Gpu) -> str:
    """Why a GPU does not answer; "" where it does."""
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": gpu.uuid}
    try:
        done = subprocess.run([sys.executable, "-I", "-c", EXERCISED], capture_output=True, text=True,
                              errors="replace", timeout=SECONDS, env=environment, check=False)
    except subprocess.TimeoutExpired:
        return f"no answer in {SECONDS:.0f} s"
    except OSError as error:
        return str(error)
    lines = done.stderr.strip().splitlines()
    return "" if done.returncode == 0 else (lines[-1] if lines else f"exit code {done.returncode}")
