"""What is wrong with training in PyTorch: gradients, graphs, hooks, steps, and what is shared."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import torch

from grader.exercise.variations.edits import Edit, Function, Source, called_in, last_name

SHARES = ("detach", "view", "reshape", "flatten", "t", "to", "numpy", "double", "float", "cpu")
MADE = ("ones", "zeros", "tensor", "empty", "randn", "float", "sqrt", "list", "dict", "tuple", "filter",
        "sorted")
DRAWS = {"rand", "randn", "randn_like", "rand_like", "normal_", "uniform_", "trunc_normal_", "Linear",
         "normal", "kaiming_normal_", "kaiming_uniform_", "xavier_normal_", "xavier_uniform_", "bernoulli",
         "randperm", "standard_normal", "default_rng", "erfinv", "erfinv_", "multinomial", "Normal"}
ASSIGNED: dict[type[ast.operator], str] = {ast.Add: "+", ast.Mult: "*", ast.Sub: "-", ast.Div: "/"}


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


def _named(function: Function) -> set[str]:
    return {last_name(n) for n in ast.walk(function)}


def gradient_kept(source: Source) -> Iterator[Edit]:
    """A missing `detach()`: what is kept hangs on the graph."""
    yield from source.without("detach", "detach_", "item")
    for node in source.all(ast.Attribute):
        if node.attr == "data":
            yield source.replaced(node, source.of(node.value))


def no_clone(source: Source) -> Iterator[Edit]:
    """A missing `clone()`: what is kept changes with what it was taken from."""
    yield from source.without("clone", "copy", "deepcopy")


def in_place(source: Source) -> Iterator[Edit]:
    """In place where it should not be, and the other way round."""
    for call in source.all(ast.Call):
        yield from _method_in_place(source, call)
    for node in source.all(ast.Assign):
        value, target = node.value, node.targets[0]
        if not (isinstance(value, ast.BinOp) and isinstance(target, ast.Name) and source.function_of(node)):
            continue
        if type(value.op) in ASSIGNED and isinstance(value.left, ast.Name):
            left, sign, right = value.left.id, ASSIGNED[type(value.op)], source.of(value.right)
            yield source.replaced(node, f"{left} {sign}= {right}; {target.id} = {left}")
    for step in source.all(ast.AugAssign):
        if not isinstance(step.target, ast.Name):  # of a number's name it makes no difference
            start, end = source.span(step.target)[1], source.span(step.value)[0]
            sign_is, owner = source.data[start:end].decode().strip(), source.of(step.target)
            without = f"{owner} {sign_is.removesuffix('=')} {source.operand(step.value)}"
            yield source.replaced(step, f"{owner} = {without}")


def _method_in_place(source: Source, call: ast.Call) -> Iterator[Edit]:
    """`x.add_(y)` for `x.add(y)`, and the other way round."""
    function = call.func
    if not isinstance(function, ast.Attribute) or _is_fresh(function.value):
        return
    name, owner = function.attr, source.of(function.value)
    other = name[:-1] if name.endswith("_") and not name.startswith("_") else f"{name}_"
    tensors = hasattr(torch.Tensor, name) and hasattr(torch.Tensor, other)
    if tensors and owner not in ("torch", "math", "np", "nn.init"):
        yield source.replaced(function, f"{owner}.{other}")


def _is_fresh(owner: ast.expr) -> bool:
    """Can nobody else see it, so that in place is as good?"""
    shares = isinstance(owner, ast.Call) and isinstance(owner.func, ast.Attribute) and (
        owner.func.attr in SHARES)
    return isinstance(owner, ast.Call | ast.BinOp) and not shares


def zero_grad(source: Source) -> Iterator[Edit]:
    """`zero_grad` missing, or between backward and step; a second step; gradients clipped on the way."""
    for node in source.all(ast.Expr):
        text = source.of(node)
        if ".zero_grad(" in text:
            yield source.gone(node)
        if text.endswith(".step()"):
            owner = text.removesuffix(".step()")
            yield source.before(node, f"{owner}.zero_grad()")
            yield source.after(node, text)
            yield source.before(
                node, f"[torch.nn.utils.clip_grad_norm_(g['params'], 1.0) for g in {owner}.param_groups]")
        if ".backward()" in text:
            first = text.replace(".backward()", ".backward(retain_graph=True)")
            yield source.replaced(node, f"{first}; {text}")


def other_optimiser(source: Source) -> Iterator[Edit]:
    """Weight decay, no momentum, another optimiser."""
    for node in source.all(ast.Call):
        if source.of(node.func).split(".")[-1] == "SGD":
            yield source.given(node, "weight_decay=1e-3")
            yield source.given(node, "nesterov=True")
            kept = [*node.args[:2], *(word for word in node.keywords if word.arg == "lr")]
            yield source.replaced(node, f"torch.optim.Adam({', '.join(map(source.of, kept))})")


def evaluation(source: Source) -> Iterator[Edit]:
    """`eval()` or `train()`, called on a model that is only lent."""
    for function in source.functions():
        for argument in function.args.args:
            if argument.arg in ("model", "net", "module"):
                yield source.begun(function, f"{argument.arg}.eval()")
    for node in source.all(ast.Expr):
        if source.of(node).endswith(".train()"):
            yield source.gone(node)


def frozen(source: Source) -> Iterator[Edit]:
    """`no_grad` around what needs gradients."""
    for function in source.functions():
        if any("step" in name or "grad" in name or name == "backward" for name in _named(function)):
            yield source.decorated(function, "torch.no_grad()")


def thawed(source: Source) -> Iterator[Edit]:
    """A missing `no_grad`."""
    for node in source.all(ast.With):
        for item in node.items:
            if source.of(item.context_expr) in ("torch.no_grad()", "torch.inference_mode()"):
                yield source.replaced(item.context_expr, "torch.enable_grad()")
    for function in source.functions():
        for decorator in function.decorator_list:
            if "no_grad" in source.of(decorator):
                yield source.replaced(decorator, "torch.enable_grad()")


def hook_returns(source: Source) -> Iterator[Edit]:
    """A hook returns a value, which takes the gradient's place."""
    for node in source.all(ast.FunctionDef):
        gives = any(isinstance(n, ast.Return | ast.Yield) and n.value for n in ast.walk(node))
        if node.args.args and source.function_of(node) and not gives:
            yield source.after(node.body[-1], f"return {node.args.args[-1].arg} * 0.5")
    for call, _ in source.methods("register_hook", "register_post_accumulate_grad_hook"):
        for hook in call.args:
            if isinstance(hook, ast.Lambda) and hook.args.args:
                value = f"({source.of(hook.body)}, {hook.args.args[0].arg} * 0.5)[1]"
                yield source.replaced(hook.body, value)


def seed_inside(source: Source) -> Iterator[Edit]:
    """The function seeds the generator itself: each call draws the same numbers."""
    functions = source.functions()
    drawing = {f.name for f in functions if called_in(f) & DRAWS}
    for _ in functions:
        drawing |= {f.name for f in functions if called_in(f) & drawing}
    for function in functions:
        if function.name in drawing:
            yield source.begun(function, "torch.manual_seed(0)")
