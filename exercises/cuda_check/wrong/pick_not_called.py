"""`torch.cuda.is_available` without parentheses counts as true everywhere.

fails: pick-device
diagnosis: missing-parentheses
points: 3
"""

import torch


def pick_device():
    return torch.device("cuda" if torch.cuda.is_available else "cpu")
