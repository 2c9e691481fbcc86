"""CUDA only where there are two GPUs.

fails: pick-device
diagnosis: more-than-one
points: 3
"""
import torch


def pick_device():
    return torch.device("cuda" if torch.cuda.device_count() > 1 else "cpu")
