"""CUDA, without a question.

fails: pick-device
diagnosis: always-cuda
points: 3
"""

import torch


def pick_device():
    return torch.device("cuda")
