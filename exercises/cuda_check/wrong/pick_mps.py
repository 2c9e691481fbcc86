"""`torch.backends.mps_is_available` does not exist (mrdbourke#239); with a GPU nobody gets that far.

fails: pick-device, never-asks-blindly
diagnosis: none
cause: raised
points: 5
"""

import torch


def pick_device():
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps_is_available() else "cpu")
