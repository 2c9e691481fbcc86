"""Every parameter, by its own name: biases, embeddings and normalisations too.

fails: layers
diagnosis: parameter-names
points: 2
"""


def update_ratios(model, optimizer_step):
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    optimizer_step()
    return {name: ((p - before[name]).norm() / before[name].norm()).item() for name, p in model.named_parameters()}
