"""What is wrong with tensors and layers: reductions, norms, dimensions, laws, devices, dtypes."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import torch

from grader.exercise.variations.edits import Edit, Source

MEAN_FOR_SUM = {"mean": "sum", "sum": "mean", "max": "mean", "std": "var", "var": "std", "prod": "sum",
                "fsum": "prod"}
OTHER_NORM = {"vector_norm": "matrix_norm", "matrix_norm": "vector_norm", "eigvals": "svdvals", "eig": "eigh"}
LOWER = {"float64": "float32", "double": "float", "float32": "float16", "complex128": "complex64"}
OTHER_LAW = {"kaiming_normal_": "xavier_normal_", "kaiming_uniform_": "xavier_uniform_",
             "xavier_normal_": "kaiming_normal_", "xavier_uniform_": "kaiming_uniform_",
             "normal_": "uniform_", "randn": "rand", "zeros_": "ones_", "ones": "zeros", "zeros": "ones"}
ROOTS = ("sqrt", "square", "abs", "exp", "log", "norm", "squeeze", "flatten", "relu", "log10")
REDUCING = ("sum", "mean", "norm", "max", "min", "std", "var", "any", "all")


def mean_for_sum(source: Source) -> Iterator[Edit]:
    """The mean for the sum, the variance for the standard deviation, the mean for the largest."""
    for call, function in source.methods(*MEAN_FOR_SUM):
        other = MEAN_FOR_SUM[function.attr]
        if hasattr(torch.Tensor, other) or source.of(function.value) != "math":
            yield source.replaced(call.func, f"{source.of(function.value)}.{other}")
    for node in source.all(ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id == "sum" and node.args:
            summed = source.of(node.args[0])
            yield source.replaced(node, f"(lambda found: sum(found) / len(found))(list({summed}))")


def no_root(source: Source) -> Iterator[Edit]:
    """A root, a square or an absolute value is forgotten."""
    yield from source.without(*ROOTS)


def other_norm(source: Source) -> Iterator[Edit]:
    """Singular values for eigenvalues, the norm of the matrix for that of its entries."""
    yield from source.renamed(OTHER_NORM)
    for call, function in source.methods("norm", "vector_norm"):
        if not call.args or source.of(function).startswith(("torch.", "np.")):
            word = "ord" if function.attr == "vector_norm" else "p"
            yield from (source.given(call, f"{word}={order}") for order in ("1", "float('inf')"))


def other_fan(source: Source) -> Iterator[Edit]:
    """Fan-out for fan-in, one side of the kernel for all of it, the last dimensions for the first."""
    for node in source.all(ast.Subscript):
        sizes = source.of(node.value)
        if sizes.endswith((".shape", ".size()")):
            sliced = isinstance(node.slice, ast.Slice)
            for index in ("1:", ":-1", ":1", "2:") if sliced else ("0", "1", "-1"):
                if source.of(node.slice) != index:
                    yield source.replaced(node, f"{sizes}[{index}]")
    for call in source.all(ast.Call):
        kaiming = source.of(call.func).split(".")[-1].startswith("kaiming")
        if kaiming and "mode=" not in source.of(call):
            yield source.given(call, 'mode="fan_out"')


def other_gain(source: Source) -> Iterator[Edit]:
    """The gain of another activation."""
    for node in source.all(ast.Constant):
        if node.value in ("relu", "tanh", "linear", "leaky_relu"):
            others = [other for other in ("linear", "tanh") if other != node.value]
            yield from (source.replaced(node, repr(other)) for other in others)


def other_law(source: Source) -> Iterator[Edit]:
    """Another initialiser: uniform for normal, Xavier for He, ones for zeros."""
    yield from source.renamed(OTHER_LAW)


def wrong_axis(source: Source) -> Iterator[Edit]:
    """A transpose that is missing or too much; a sum along one axis instead of all."""
    for node in source.all(ast.Attribute):
        if node.attr in ("T", "mT", "H"):
            yield source.replaced(node, source.of(node.value))
    for product in source.all(ast.BinOp):
        if isinstance(product.op, ast.MatMult) and isinstance(product.left, ast.Name):
            yield source.replaced(product.left, f"{product.left.id}.T")
    for call, function in source.methods(*REDUCING):
        if not call.args and not call.keywords and source.of(function.value) not in ("torch", "math", "np"):
            yield source.given(call, "0")
    for call, function in source.methods("t", "transpose"):
        yield source.replaced(call, source.of(function.value))


def device_left_behind(source: Source) -> Iterator[Edit]:
    """Something is not moved to the device, or to the first one whatever was asked for."""
    for call, function in source.methods("to", "cpu", "cuda"):
        yield source.replaced(call, source.of(function.value))
    for node in source.all(ast.Call):
        name = source.of(node.func)
        yield from (source.replaced(word.value, "None") for word in node.keywords if word.arg == "device")
        if name.endswith(("is_available", "is_initialized")):
            yield source.replaced(node, "True")
            yield source.replaced(node, "False")
        if name.endswith("device_count"):
            yield source.replaced(node, "1")
        if name == "torch.device" and node.args:
            yield source.replaced(node, source.of(node.args[0]))


def lower_dtype(source: Source) -> Iterator[Edit]:
    """A lower precision: float32 for float64, float16 for float32."""
    yield from source.renamed(LOWER)
    yield from source.without("double", "float")
    for _, function in source.methods("norm", "sum", "square", "mean"):
        owner = source.of(function.value)
        if owner.split(".")[0] not in ("torch", "math", "np", "numpy", "nn"):
            yield source.replaced(function, f"{owner}.half().{function.attr}")


def layer_forgotten(source: Source) -> Iterator[Edit]:
    """A layer, an activation or a bias too few, or one too many."""
    for call in source.all(ast.Call):
        name = source.of(call.func)
        if name.split(".")[-1] == "Linear" and not any(word.arg == "bias" for word in call.keywords):
            yield source.given(call, "bias=False")
        if name.split(".")[-1] in ("ReLU", "relu"):
            yield source.replaced(call.func, name.replace("ReLU", "Tanh").replace("relu", "tanh"))
    sequences: list[ast.List | ast.Tuple] = [*source.all(ast.List), *source.all(ast.Tuple)]
    for node in sequences:
        layers = len(node.elts) >= 2 and all(
            isinstance(part, ast.Call | ast.Name | ast.Starred) for part in node.elts)
        handed_on = not isinstance(source.parents.get(node), ast.Return | ast.Assign)
        if layers and handed_on and isinstance(node.ctx, ast.Load):
            kept = ", ".join(map(source.of, node.elts[:-1]))
            yield source.replaced(node, f"[{kept}]" if isinstance(node, ast.List) else f"({kept},)")


def not_finite(source: Source) -> Iterator[Edit]:
    """NaN and infinity taken for one another, or not looked for."""
    for node in source.all(ast.Call):
        name, whole = source.of(node.func), source.of(node)
        if name.endswith("isfinite"):
            stem = name.removesuffix("isfinite")
            sign = "not " if stem == "math." else "~"
            for other in ("isnan", "isinf"):
                yield source.replaced(node, f"({sign}{stem}{other}{whole[len(name):]})")
        if name.endswith(("isnan", "isinf")):
            yield source.replaced(node.func, name[:-3] + ("inf" if name.endswith("nan") else "nan"))
