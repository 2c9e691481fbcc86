"""Whatever has a weight counts as a layer: embeddings and normalisations too.

fails: layers
diagnosis: other-layers-too
points: 2
"""


def update_ratios(model, optimizer_step):
    before = {name: m.weight.detach().clone() for name, m in model.named_modules() if hasattr(m, "weight")}
    optimizer_step()
    return {name: ((model.get_submodule(name).weight - w).norm() / w.norm()).item() for name, w in before.items()}
