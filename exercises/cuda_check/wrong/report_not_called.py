"""`torch.cuda.is_available` without parentheses, the most frequent mistake of all (YOLOv3#35, DeepSpeed#2661 and
many more): the report holds the function.

fails: report-without-cuda
diagnosis: missing-parentheses
points: 3
"""

import torch


def cuda_report():
    return {
        "available": torch.cuda.is_available,
        "count": torch.cuda.device_count(),
        "names": [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())],
        "torch_version": torch.__version__,
        "built_for_cuda": torch.version.cuda,
    }
