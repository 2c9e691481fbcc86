"""Layers are known by "Linear" in the name of their type: nn.Bilinear has it too.

fails: layers
diagnosis: other-layers-too
points: 2
"""
def update_ratios(model, optimizer_step):
    layers = {name: m for name, m in model.named_modules() if "linear" in type(m).__name__.lower()}
    before = {name: m.weight.detach().clone() for name, m in layers.items()}
    optimizer_step()
    return {name: ((m.weight.detach() - before[name]).norm() / before[name].norm()).item()
            for name, m in layers.items()}
