"""What a student gets wrong in PyTorch: gradients, devices, dtypes, dimensions, hooks, draws.

Each operator yields the changes it can make to a right solution, one at a time. Its docstring is the mistake.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import torch

from grader.exercise.variations.edits import Edit, Function, Source

MEAN_FOR_SUM = {
    "mean": "sum",
    "sum": "mean",
    "max": "mean",
    "std": "var",
    "var": "std",
    "prod": "sum",
    "fsum": "prod",
}
OTHER_NORM = {"vector_norm": "matrix_norm", "matrix_norm": "vector_norm", "eigvals": "svdvals", "eig": "eigh"}
LOWER = {"float64": "float32", "double": "float", "float32": "float16", "complex128": "complex64"}
OTHER_LAW = {
    "kaiming_normal_": "xavier_normal_",
    "kaiming_uniform_": "xavier_uniform_",
    "xavier_normal_": "kaiming_normal_",
    "xavier_uniform_": "kaiming_uniform_",
    "normal_": "uniform_",
    "randn": "rand",
    "zeros_": "ones_",
    "ones": "zeros",
    "zeros": "ones",
}
ROOTS = ("sqrt", "square", "abs", "exp", "log", "norm", "squeeze", "flatten", "relu", "log10")
SHARES = ("detach", "view", "reshape", "flatten", "t", "to", "numpy", "double", "float", "cpu")
MADE = ("ones", "zeros", "tensor", "empty", "randn", "float", "sqrt", "list", "dict", "tuple", "filter",
        "sorted")
DRAWS = {
    "rand",
    "randn",
    "randn_like",
    "rand_like",
    "normal_",
    "uniform_",
    "trunc_normal_",
    "Linear",
    "normal",
    "kaiming_normal_",
    "kaiming_uniform_",
    "xavier_normal_",
    "xavier_uniform_",
    "bernoulli",
    "randperm",
    "standard_normal",
    "default_rng",
    "erfinv",
    "erfinv_",
    "multinomial",
    "Normal",
}


def _methods(source: Source, *names: str) -> Iterator[tuple[ast.Call, ast.Attribute]]:
    """Calls `something.name(...)`, of whatever it is."""
    for node in source.all(ast.Call):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names:
            yield node, node.func


def _renamed(source: Source, names: dict[str, str]) -> Iterator[Edit]:
    for node in source.all(ast.Attribute, ast.Name):
        if isinstance(node, ast.Attribute) and node.attr in names:
            yield source.replaced(node, f"{source.of(node.value)}.{names[node.attr]}")
        elif isinstance(node, ast.Name) and node.id in names:
            parent = source.parents.get(node)
            if isinstance(parent, ast.Call) and parent.func is node:
                yield source.replaced(node, names[node.id])


def _without(source: Source, *names: str) -> Iterator[Edit]:
    """`x` for `x.name()`, and for `module.name(x)`."""
    for call, function in _methods(source, *names):
        module = (
            isinstance(function.value, ast.Name)
            and function.value.id in ("torch", "math", "np", "numpy", "F", "copy", "cmath")
        ) or source.of(function.value) in ("torch.linalg", "torch.nn.functional", "np.linalg")
        if module and call.args:
            yield source.replaced(call, source.operand(call.args[0]))
        elif not module:
            yield source.replaced(call, source.of(function.value))


def mean_for_sum(source: Source) -> Iterator[Edit]:
    """The mean for the sum, the variance for the standard deviation, the mean for the largest."""
    for call, function in _methods(source, *MEAN_FOR_SUM):
        other = MEAN_FOR_SUM[function.attr]
        if hasattr(torch.Tensor, other) or source.of(function.value) != "math":
            yield source.replaced(call.func, f"{source.of(function.value)}.{other}")
    for node in source.all(ast.Call):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "sum"
            and node.args
        ):
            yield source.replaced(
                node, f"(lambda found: sum(found) / len(found))(list({source.of(node.args[0])}))"
            )


def no_root(source: Source) -> Iterator[Edit]:
    """A root, a square or an absolute value is forgotten."""
    yield from _without(source, *ROOTS)


def other_norm(source: Source) -> Iterator[Edit]:
    """Singular values for eigenvalues, the norm of the matrix for that of its entries."""
    yield from _renamed(source, OTHER_NORM)
    for call, _ in _methods(source, "norm", "vector_norm"):
        if not call.args or source.of(call.func).startswith(("torch.", "np.")):
            for order in ("1", "float('inf')"):
                yield Edit(
                    start=source.span(call)[1] - 1,
                    end=source.span(call)[1] - 1,
                    text=f"{', ' if call.args or call.keywords else ''}"
                    f"{'p' if not source.of(call.func).endswith('vector_norm') else 'ord'}={order}",
                )


def other_fan(source: Source) -> Iterator[Edit]:
    """Fan-out for fan-in, one side of the kernel for all of it, the last dimensions for the first."""
    for node in source.all(ast.Subscript, ast.Call):
        text = source.of(node)
        if isinstance(node, ast.Subscript) and source.of(node.value).endswith((".shape", ".size()")):
            sliced = isinstance(node.slice, ast.Slice)
            for index in ("1:", ":-1", ":1", "2:") if sliced else ("0", "1", "-1"):
                if source.of(node.slice) != index:
                    yield source.replaced(node, f"{source.of(node.value)}[{index}]")
        kaiming = isinstance(node, ast.Call) and source.of(node.func).split(".")[-1].startswith("kaiming")
        if isinstance(node, ast.Call) and kaiming and "mode=" not in text:
            yield source.given(node, 'mode="fan_out"')


def other_gain(source: Source) -> Iterator[Edit]:
    """The gain of another activation."""
    for node in source.all(ast.Constant):
        if isinstance(node, ast.Constant) and node.value in ("relu", "tanh", "linear", "leaky_relu"):
            for other in {"linear", "tanh"} - {node.value}:
                yield source.replaced(node, repr(other))


def other_law(source: Source) -> Iterator[Edit]:
    """Another initialiser: uniform for normal, Xavier for He, ones for zeros."""
    yield from _renamed(source, OTHER_LAW)


def gradient_cut(source: Source) -> Iterator[Edit]:
    """A `detach()` where the gradient has to come through."""
    for node in source.all(ast.Assign):
        value, function = node.value, source.function_of(node)
        if function is None or not any("grad" in name or name == "backward" for name in _named(function)):
            continue
        called = isinstance(value, ast.Call) and value.args and (
            source.of(value.func).split(".")[-1] not in MADE)
        product = isinstance(value, ast.BinOp) and isinstance(value.op, ast.MatMult | ast.Mult | ast.Sub)
        if called or product:
            yield source.replaced(value, f"{source.operand(value)}.detach()")


def gradient_kept(source: Source) -> Iterator[Edit]:
    """A missing `detach()`: what is kept hangs on the graph."""
    yield from _without(source, "detach", "detach_", "item")
    for node in source.all(ast.Attribute):
        if isinstance(node, ast.Attribute) and node.attr == "data":
            yield source.replaced(node, source.of(node.value))


def no_clone(source: Source) -> Iterator[Edit]:
    """A missing `clone()`: what is kept changes with what it was taken from."""
    yield from _without(source, "clone", "copy", "deepcopy")


def in_place(source: Source) -> Iterator[Edit]:
    """In place where it should not be, and the other way round."""
    for node in source.all(ast.Call, ast.Assign):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name, module = node.func.attr, source.of(node.func.value) in ("torch", "math", "np", "nn.init")
            other = name[:-1] if name.endswith("_") and not name.startswith("_") else f"{name}_"
            if (
                not module
                and hasattr(torch.Tensor, name)
                and hasattr(torch.Tensor, other)
                and not _fresh(node)
            ):
                yield source.replaced(node.func, f"{source.of(node.func.value)}.{other}")
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.BinOp)
            and source.function_of(node)
            and isinstance(node.targets[0], ast.Name)
        ):
            value, signs = node.value, {ast.Add: "+", ast.Mult: "*", ast.Sub: "-", ast.Div: "/"}
            if type(value.op) in signs and isinstance(value.left, ast.Name):
                yield source.replaced(
                    node,
                    f"{source.of(value.left)} {signs[type(value.op)]}= "
                    f"{source.of(value.right)}; {source.of(node.targets[0])} = "
                    f"{source.of(value.left)}",
                )
    for node in source.all(ast.AugAssign):
        if not isinstance(node.target, ast.Name):  # of a number's name it makes no difference
            start, end = source.span(node.target)[1], source.span(node.value)[0]
            sign = source.data[start:end].decode().strip().removesuffix("=")
            yield source.replaced(
                node,
                f"{source.of(node.target)} = {source.of(node.target)} {sign} {source.operand(node.value)}",
            )


def _fresh(call: ast.Call) -> bool:
    """Is it called on what nobody else can see, so that in place is as good?"""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else call
    shares = (
        isinstance(owner, ast.Call) and isinstance(owner.func, ast.Attribute) and owner.func.attr in SHARES
    )
    return isinstance(owner, ast.Call | ast.BinOp) and not shares


def zero_grad(source: Source) -> Iterator[Edit]:
    """`zero_grad` missing, or between backward and step; a second step; gradients clipped on the way."""
    for node in source.all(ast.Expr):
        if not isinstance(node, ast.Expr):
            continue
        text = source.of(node)
        if ".zero_grad(" in text:
            yield source.gone(node)
        if text.endswith(".step()"):
            owner = text.removesuffix(".step()")
            yield source.before(node, f"{owner}.zero_grad()")
            yield source.after(node, text)
            yield source.before(
                node, f"[torch.nn.utils.clip_grad_norm_(g['params'], 1.0) for g in {owner}.param_groups]"
            )
        if ".backward()" in text:
            yield source.replaced(
                node, f"{text.replace('.backward()', '.backward(retain_graph=True)')}; {text}"
            )


def other_optimiser(source: Source) -> Iterator[Edit]:
    """Weight decay, no momentum, another optimiser."""
    for node in source.all(ast.Call):
        name = source.of(node.func)
        if name.split(".")[-1] != "SGD":
            continue
        end = source.span(node)[1] - 1
        yield Edit(start=end, end=end, text=", weight_decay=1e-3")
        yield Edit(start=end, end=end, text=", nesterov=True")
        kept = [source.of(part) for part in (*node.args[:2], *(k for k in node.keywords if k.arg == "lr"))]
        yield source.replaced(node, f"torch.optim.Adam({', '.join(kept)})")


def evaluation(source: Source) -> Iterator[Edit]:
    """`eval()` or `train()`, called on a model that is only lent."""
    for function in source.functions():
        for argument in function.args.args:
            if argument.arg in ("model", "net", "module"):
                yield source.begun(function, f"{argument.arg}.eval()")
    for node in source.all(ast.Expr):
        if isinstance(node, ast.Expr) and source.of(node).endswith(".train()"):
            yield source.gone(node)


def frozen(source: Source) -> Iterator[Edit]:
    """`no_grad` around what needs gradients."""
    for function in source.functions():
        if any("step" in name or "grad" in name or name == "backward" for name in _named(function)):
            yield source.decorated(function, "torch.no_grad()")


def thawed(source: Source) -> Iterator[Edit]:
    """A missing `no_grad`."""
    for node in source.all(ast.With):
        if isinstance(node, ast.With):
            for item in node.items:
                if source.of(item.context_expr) in ("torch.no_grad()", "torch.inference_mode()"):
                    yield source.replaced(item.context_expr, "torch.enable_grad()")
    for function in source.functions():
        for decorator in function.decorator_list:
            if "no_grad" in source.of(decorator):
                yield source.replaced(decorator, "torch.enable_grad()")


def wrong_axis(source: Source) -> Iterator[Edit]:
    """A transpose that is missing or too much; a sum along one axis instead of all."""
    for node in source.all(ast.Attribute, ast.BinOp):
        if isinstance(node, ast.Attribute) and node.attr in ("T", "mT", "H"):
            yield source.replaced(node, source.of(node.value))
        product = isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)
        if isinstance(node, ast.BinOp) and product and isinstance(node.left, ast.Name):
            yield source.replaced(node.left, f"{source.of(node.left)}.T")
    for call, function in _methods(source, "sum", "mean", "norm", "max", "min", "std", "var", "any", "all"):
        if not call.args and not call.keywords and source.of(function.value) not in ("torch", "math", "np"):
            yield Edit(start=source.span(call)[1] - 1, end=source.span(call)[1] - 1, text="0")
    for call, _ in _methods(source, "t", "transpose"):
        yield source.replaced(call, source.of(call.func.value))  # type: ignore[attr-defined]


def device_left_behind(source: Source) -> Iterator[Edit]:
    """Something is not moved to the device, or to the first one whatever was asked for."""
    for call, function in _methods(source, "to", "cpu", "cuda"):
        yield source.replaced(call, source.of(function.value))
    for node in source.all(ast.Call):
        if not isinstance(node, ast.Call):
            continue
        for word in node.keywords:
            if word.arg == "device":
                yield source.replaced(word.value, "None")
        if source.of(node.func).endswith(("is_available", "is_initialized")):
            yield source.replaced(node, "True")
            yield source.replaced(node, "False")
        if source.of(node.func).endswith("device_count"):
            yield source.replaced(node, "1")
        if source.of(node.func) == "torch.device" and node.args:
            yield source.replaced(node, source.of(node.args[0]))


def hook_returns(source: Source) -> Iterator[Edit]:
    """A hook returns a value, which takes the gradient's place."""
    for node in source.all(ast.FunctionDef):
        inner = isinstance(node, Function) and source.function_of(node) is not None
        if (
            inner
            and isinstance(node, Function)
            and node.args.args
            and not any(
                isinstance(n, ast.Return | ast.Yield) and getattr(n, "value", None) for n in ast.walk(node)
            )
        ):
            yield source.after(node.body[-1], f"return {node.args.args[-1].arg} * 0.5")
    for call, _ in _methods(source, "register_hook", "register_post_accumulate_grad_hook"):
        for hook in call.args:
            if isinstance(hook, ast.Lambda) and hook.args.args:
                yield source.replaced(
                    hook.body, f"({source.of(hook.body)}, {hook.args.args[0].arg} * 0.5)[1]"
                )


def lower_dtype(source: Source) -> Iterator[Edit]:
    """A lower precision: float32 for float64, float16 for float32."""
    yield from _renamed(source, LOWER)
    yield from _without(source, "double", "float")
    for call, _ in _methods(source, "norm", "sum", "square", "mean"):
        function = call.func
        assert isinstance(function, ast.Attribute)
        owner = source.of(function.value)
        if owner.split(".")[0] not in ("torch", "math", "np", "numpy", "nn"):
            yield source.replaced(function, f"{owner}.half().{function.attr}")


def seed_inside(source: Source) -> Iterator[Edit]:
    """The function seeds the generator itself: each call draws the same numbers."""
    functions = source.functions()
    drawing = {f.name for f in functions if _called(f) & DRAWS}
    for _ in functions:
        drawing |= {f.name for f in functions if _called(f) & drawing}
    for function in functions:
        if function.name in drawing:
            yield source.begun(function, "torch.manual_seed(0)")


def _named(function: Function) -> set[str]:
    return {
        n.id if isinstance(n, ast.Name) else n.attr
        for n in ast.walk(function)
        if isinstance(n, ast.Name | ast.Attribute)
    }


def _called(function: Function) -> set[str]:
    calls = [n.func for n in ast.walk(function) if isinstance(n, ast.Call)]
    return {
        n.id if isinstance(n, ast.Name) else n.attr for n in calls if isinstance(n, ast.Name | ast.Attribute)
    }


def layer_forgotten(source: Source) -> Iterator[Edit]:
    """A layer, an activation or a bias too few, or one too many."""
    for node in source.all(ast.List, ast.Tuple, ast.Call):
        parts = (
            node.elts
            if isinstance(node, ast.List | ast.Tuple)
            else node.args
            if isinstance(node, ast.Call)
            else []
        )
        linear = isinstance(node, ast.Call) and source.of(node.func).split(".")[-1] == "Linear"
        if isinstance(node, ast.Call) and linear and not any(word.arg == "bias" for word in node.keywords):
            yield source.given(node, "bias=False")
        if isinstance(node, ast.Call) and source.of(node.func).split(".")[-1] in ("ReLU", "relu"):
            yield source.replaced(
                node.func, source.of(node.func).replace("ReLU", "Tanh").replace("relu", "tanh")
            )
        if (
            len(parts) >= 2
            and not isinstance(node, ast.Call)
            and isinstance(getattr(node, "ctx", None), ast.Load)
        ):
            modules = [part for part in parts if isinstance(part, ast.Call | ast.Name | ast.Starred)]
            if len(modules) == len(parts) and not isinstance(
                source.parents.get(node), ast.Return | ast.Assign
            ):
                kept = ", ".join(source.of(part) for part in parts[:-1])
                yield source.replaced(node, f"[{kept}]" if isinstance(node, ast.List) else f"({kept},)")


def not_finite(source: Source) -> Iterator[Edit]:
    """NaN and infinity taken for one another, or not looked for."""
    for node in source.all(ast.Call):
        name = source.of(node.func)
        if name.endswith("isfinite"):
            stem, whole = name.removesuffix("isfinite"), source.of(node)
            sign = "not " if stem == "math." else "~"
            for other in ("isnan", "isinf"):
                yield source.replaced(node, f"({sign}{stem}{other}{whole[len(name) :]})")
        if name.endswith(("isnan", "isinf")):
            other = name[:-3] + ("inf" if name.endswith("nan") else "nan")
            yield source.replaced(node.func, other)


TORCH = (
    mean_for_sum,
    no_root,
    other_norm,
    other_fan,
    other_gain,
    other_law,
    gradient_cut,
    gradient_kept,
    no_clone,
    in_place,
    zero_grad,
    other_optimiser,
    evaluation,
    frozen,
    thawed,
    wrong_axis,
    device_left_behind,
    hook_returns,
    lower_dtype,
    seed_inside,
    layer_forgotten,
    not_finite,
)
