"""AssertionError is caught; a build for CUDA without a driver raises RuntimeError.

fails: report-without-cuda, never-asks-blindly
diagnosis: one-build-only
cause: raised
points: 5
"""

import torch


def cuda_report():
    n = torch.cuda.device_count()
    try:
        names = [torch.cuda.get_device_name(torch.cuda.current_device())] + [
            torch.cuda.get_device_name(i) for i in range(1, n)]
    except AssertionError:
        names = []
    return {"available": torch.cuda.is_available(), "count": n, "names": names,
            "torch_version": torch.__version__, "built_for_cuda": torch.version.cuda}
