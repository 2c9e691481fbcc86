"""The keys are the names of the parameters.

fails: layers
diagnosis: parameter-names
points: 2
"""


def update_ratios(model, optimizer_step):
    before = {name: p.detach().clone() for name, p in model.named_parameters()
              if name.endswith(".weight") and p.dim() == 2 and not name.startswith("words")}
    optimizer_step()
    after = dict(model.named_parameters())
    return {name: ((after[name] - w).norm() / w.norm()).item() for name, w in before.items()}
