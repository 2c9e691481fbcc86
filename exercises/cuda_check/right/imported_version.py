"""The versions are imported once, at the top of the notebook."""

import torch
from torch.version import __version__ as torch_version
from torch.version import cuda as built_for


def cuda_report():
    gpus = range(torch.cuda.device_count())
    return {"available": len(gpus) > 0, "count": len(gpus),
            "names": [torch.cuda.get_device_name(i) for i in gpus], "torch_version": torch_version,
            "built_for_cuda": built_for}
