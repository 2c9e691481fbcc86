"""There is no device called gpu.

fails: pick-device
diagnosis: no-such-device
cause: raised
points: 3
"""

import torch


def pick_device():
    return torch.device("gpu" if torch.cuda.is_available() else "cpu")
