"""CUDA wherever PyTorch was built for it, driver or not.

fails: pick-device
diagnosis: built-for-available
points: 3
"""

import torch


def pick_device():
    return torch.device("cuda" if torch.version.cuda else "cpu")
