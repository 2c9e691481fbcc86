"""The CUDA version is turned into text, None included.

fails: report-without-cuda
diagnosis: none-as-text
points: 3
"""

import torch


def cuda_report():
    return {
        "available": torch.cuda.is_available(),
        "count": torch.cuda.device_count(),
        "names": [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())],
        "torch_version": torch.__version__,
        "built_for_cuda": str(torch.version.cuda),
    }
