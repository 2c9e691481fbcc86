"""CUDA, without a question.

fails: pick-device
diagnosis: always-cuda
"""

import torch


def pick_device():
    return torch.device("cuda")
