"""The worlds that an exercise is graded in: a step names one, and the notebook is executed once in each."""

from __future__ import annotations

import random

from msgspec import structs

from grader.wall.messages import World as World

GPU_NAMES = ("NVIDIA A10", "NVIDIA A100-SXM4-40GB", "NVIDIA GeForce RTX 3060", "NVIDIA GeForce RTX 4090",
             "NVIDIA L4", "NVIDIA RTX A6000", "Tesla T4", "Tesla V100-SXM2-16GB")
DRAWN = ""                  # stands for a GPU whose name is drawn from the batch's seed

# CUDA versions that PyTorch is released for. 12.9 still serves every GPU of the list, 13 no longer the V100.
PLAIN = World(name="plain")
NO_CUDA = World(name="no-cuda", gpus=())
NO_DRIVER = World(name="no-driver", gpus=(), built_for_cuda="13.0", driver=False)
ONE_GPU = World(name="one-gpu", gpus=(DRAWN,), built_for_cuda="12.9")
TWO_GPUS = World(name="two-gpus", gpus=(DRAWN, DRAWN), built_for_cuda="12.9")
REAL_CUDA = World(name="cuda", real_gpu=True)
# the steps of `PLAIN` once more, with tensors and modules on a real GPU: exercise.toml asks for it
ON_GPU = World(name="plain-on-gpu", real_gpu=True, device="cuda:0", repeats=PLAIN.name)


def named(world: World, seed: int) -> World:
    """The world with names for its GPUs, all different, that every student of a batch finds alike."""
    if not world.gpus:
        return world
    names = random.Random(seed).sample(GPU_NAMES, len(world.gpus))
    gpus = tuple(own or name for own, name in zip(world.gpus, names, strict=True))
    return structs.replace(world, gpus=gpus)
