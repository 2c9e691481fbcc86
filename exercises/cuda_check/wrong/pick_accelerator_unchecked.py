"""`current_accelerator()` names what the build is for, GPU or not.

fails: pick-device
diagnosis: built-for-available
points: 3
"""

import torch


def pick_device():
    return torch.accelerator.current_accelerator() or torch.device("cpu")
