"""`is_built()` is taken for `is_available()` (jeffheaton#2).

fails: report-without-cuda
diagnosis: built-for-available
points: 3
"""

import torch


def cuda_report():
    return {
        "available": torch.version.cuda is not None,
        "count": torch.cuda.device_count(),
        "names": [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())],
        "torch_version": torch.__version__,
        "built_for_cuda": torch.version.cuda,
    }
