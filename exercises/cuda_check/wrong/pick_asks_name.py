"""The name is printed before anyone knows whether there is a GPU.

fails: pick-device, never-asks-blindly
diagnosis: unguarded-cuda-call
cause: raised
points: 5
"""

import torch


def pick_device():
    print("using", torch.cuda.get_device_name(0))
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
