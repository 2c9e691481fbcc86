"""torch.accelerator, and a closure handed to the optimizer."""

import torch


def cuda_report():
    available = torch.accelerator.is_available() and torch.accelerator.current_accelerator().type == "cuda"
    count = torch.accelerator.device_count() if available else 0
    names = [torch.cuda.get_device_name(torch.device("cuda", index)) for index in range(count)]
    return {"built_for_cuda": torch.version.cuda, "torch_version": torch.__version__, "names": names,
            "count": count, "available": available, "mps": False}


def pick_device():
    if torch.accelerator.is_available():
        return torch.accelerator.current_accelerator()
    return torch.device("cpu")


def train_step(model, batch, loss_fn, optimizer, device):
    inputs, targets = batch
    model.to(device)

    def closure():
        optimizer.zero_grad()
        loss = loss_fn(model(inputs.to(device)), targets.to(device))
        loss.backward()
        return loss

    return optimizer.step(closure).item()
