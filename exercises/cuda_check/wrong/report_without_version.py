"""A key is missing.

fails: report-without-cuda
diagnosis: none
points: 3
"""

import torch


def cuda_report():
    n = torch.cuda.device_count()
    return {"available": n > 0, "count": n, "names": [torch.cuda.get_device_name(i) for i in range(n)],
            "built_for_cuda": torch.version.cuda}
