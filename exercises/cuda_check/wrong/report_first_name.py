"""Only the first GPU is asked for its name.

fails: report-many-gpus
diagnosis: first-name-only
points: 1
"""

import torch


def cuda_report():
    return {
        "available": torch.cuda.is_available(),
        "count": torch.cuda.device_count(),
        "names": [torch.cuda.get_device_name(0)] if torch.cuda.is_available() else [],
        "torch_version": torch.__version__,
        "built_for_cuda": torch.version.cuda,
    }
