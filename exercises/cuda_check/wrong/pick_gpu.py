"""There is no device called gpu.

fails: pick-device
diagnosis: none
cause: raised
"""

import torch


def pick_device():
    return torch.device("gpu" if torch.cuda.is_available() else "cpu")
