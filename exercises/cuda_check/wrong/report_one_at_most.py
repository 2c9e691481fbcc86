"""The count is made of `is_available()`: 1 or 0.

fails: report-many-gpus
diagnosis: none
points: 1
"""

import torch


def cuda_report():
    return {
        "available": torch.cuda.is_available(),
        "count": int(torch.cuda.is_available()),
        "names": [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())],
        "torch_version": torch.__version__,
        "built_for_cuda": torch.version.cuda,
    }
