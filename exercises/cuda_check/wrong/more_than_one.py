"""CUDA only where there are two GPUs.

fails: pick-device
"""
import torch


def pick_device():
    return torch.device("cuda" if torch.cuda.device_count() > 1 else "cpu")
