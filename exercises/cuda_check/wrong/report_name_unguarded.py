"""The GPU's name is asked for outside any guard (cudaTest.py, check_cuda.py and others).

fails: report-without-cuda, report-many-gpus, never-asks-blindly
diagnosis: unguarded-cuda-call, first-name-only
points: 6
"""

import torch


def cuda_report():
    return {
        "available": torch.cuda.is_available(),
        "count": torch.cuda.device_count(),
        "names": [torch.cuda.get_device_name(0)],
        "torch_version": torch.__version__,
        "built_for_cuda": torch.version.cuda,
    }
