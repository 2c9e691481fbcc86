"""Asks for forgiveness: whatever either build raises means that there is no GPU."""

import torch


def cuda_report():
    try:
        torch.cuda.current_device()
        names = [torch.cuda.get_device_properties(i).name for i in range(torch.cuda.device_count())]
    except (AssertionError, RuntimeError):
        names = []
    return {"available": bool(names), "count": len(names), "names": names,
            "torch_version": str(torch.__version__), "built_for_cuda": torch.version.cuda}


def pick_device():
    try:
        torch.zeros(1, device="cuda")
    except Exception:
        return torch.device("cpu")
    return torch.device("cuda", 0)


def train_step(model, batch, loss_fn, optimizer, device):
    model = model.to(device=device)
    inputs, targets = [tensor.to(device, non_blocking=True) for tensor in batch]
    loss = loss_fn(model(inputs), targets)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return float(loss)
