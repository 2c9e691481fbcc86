"""The two branches have changed places.

fails: pick-device
diagnosis: branches-swapped
points: 3
"""
import torch


def pick_device():
    return torch.device("cpu" if torch.cuda.is_available() else "cuda")
