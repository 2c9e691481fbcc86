"""Every layer is taken to have a bias: one that has none has None.

fails: frozen
diagnosis: layer-without-bias
cause: raised
points: 1
"""


def attach_gradient_norm_hooks(model):
    norms, handles, met = {}, [], set()

    def watch(name, p):
        if p not in met:
            met.add(p)
            handles.append(p.register_hook(lambda g: norms.__setitem__(name, g.norm().item())))

    for name, module in model.named_modules():
        if hasattr(module, "bias"):
            if module.weight.requires_grad:
                watch(f"{name}.weight", module.weight)
            if module.bias.requires_grad:
                watch(f"{name}.bias", module.bias)
    if hasattr(model, "gain"):
        watch("gain", model.gain)
    return norms, handles
