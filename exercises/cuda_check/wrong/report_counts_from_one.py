"""GPUs are counted from 1, so that the first has no name.

fails: report-one-gpu, report-many-gpus
diagnosis: none
points: 3
"""

import torch


def cuda_report():
    n = torch.cuda.device_count()
    return {"available": n > 0, "count": n, "names": [torch.cuda.get_device_name(i) for i in range(1, n)],
            "torch_version": torch.__version__, "built_for_cuda": torch.version.cuda}
