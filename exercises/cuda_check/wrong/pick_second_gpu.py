"""`cuda:1` is hard-coded, as on the author's machine.

fails: pick-device
diagnosis: second-gpu-hard-coded
points: 3
"""

import torch


def pick_device():
    return torch.device("cuda:1" if torch.cuda.is_available() else "cpu")
