"""A string in place of a torch.device.

fails: pick-device
diagnosis: string-not-device
points: 3
"""

import torch


def pick_device():
    return "cuda" if torch.cuda.is_available() else "cpu"
