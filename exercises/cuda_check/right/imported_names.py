"""Names imported from torch.cuda, and calls that are harmless without CUDA."""

import torch
from torch.cuda import device_count, empty_cache, get_device_name, is_available, memory_allocated


def cuda_report():
    count = device_count()
    return {"available": is_available(), "count": count, "names": tuple(map(get_device_name, range(count))),
            "torch_version": torch.__version__, "built_for_cuda": torch.version.cuda}


def pick_device():
    if torch.cuda.is_initialized():
        empty_cache()
    return torch.device("cuda:0") if device_count() > 0 else torch.device("cpu")


def train_step(model, batch, loss_fn, optimizer, device):
    before = memory_allocated()
    model.to(device)
    model.train()
    place = next(model.parameters()).device
    inputs, targets = batch[0].to(place), batch[1].to(place)
    model.zero_grad()
    loss = loss_fn(model(inputs), targets)
    loss.backward()
    optimizer.step()
    print("bytes more than before:", memory_allocated() - before)
    return loss.detach().cpu().item()
