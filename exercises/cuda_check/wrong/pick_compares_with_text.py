"""The condition compares a bool with a text and never holds.

fails: pick-device
diagnosis: always-cpu
points: 3
"""

import torch


def pick_device():
    return torch.device("cuda" if torch.cuda.is_available() == "True" else "cpu")
