"""Classes with __call__: a snapshot that compares itself, and a root that knows its degree."""
from itertools import pairwise

from torch import nn


class Snapshot:
    def __init__(self, layer):
        self.layer, self.weight = layer, layer.weight.data.clone()

    def __call__(self):
        update = self.layer.weight.data - self.weight
        return (update.pow(2).sum() / self.weight.pow(2).sum()).sqrt().item()


class UpdateRatios:
    def __call__(self, model, optimizer_step):
        snapshots = {name: Snapshot(m) for name, m in model.named_modules() if isinstance(m, nn.Linear)}
        optimizer_step()
        return {name: snapshot() for name, snapshot in snapshots.items()}


class FactorPerLayer:
    def __call__(self, ratios):
        product = 1.0
        speeds = list(ratios.values())
        for slow, fast in pairwise(speeds):
            product *= fast / slow
        return product ** (1 / (len(speeds) - 1))


update_ratios = UpdateRatios()
factor_per_layer = FactorPerLayer()
