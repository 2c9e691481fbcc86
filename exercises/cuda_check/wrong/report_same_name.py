"""Without an index `get_device_name` answers for the current GPU, each time.

fails: report-many-gpus
diagnosis: same-name-repeated
points: 1
"""

import torch


def cuda_report():
    return {
        "available": torch.cuda.is_available(),
        "count": torch.cuda.device_count(),
        "names": [torch.cuda.get_device_name() for _ in range(torch.cuda.device_count())],
        "torch_version": torch.__version__,
        "built_for_cuda": torch.version.cuda,
    }
