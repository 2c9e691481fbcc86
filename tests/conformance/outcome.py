"""What a snippet came to, as one line of text that two machines can compare."""

from __future__ import annotations

import ast
import copy
import io
import threading
import warnings

import numpy as np
import torch
from torch import nn


def describe(value: object) -> str:
    """A tensor by numbers, device and dtype; a container by its members; anything else by its repr."""
    if isinstance(value, torch.Tensor):
        plain = value.detach().cpu()
        numbers = plain.flatten().tolist()
        if plain.is_floating_point():
            numbers = [round(number, 4) for number in numbers]
        shaped = np.array(numbers).reshape(tuple(plain.shape)).tolist()
        return f"tensor({shaped}, {value.device}, {str(value.dtype).removeprefix('torch.')})"
    if isinstance(value, torch.device):
        return f"device({value})"
    if type(value) in (tuple, list, set):
        members = [describe(member) for member in value]  # type: ignore[attr-defined]
        brackets: dict[type, tuple[str, str]] = {tuple: ("(", ")"), list: ("[", "]"), set: ("{", "}")}
        opening, closing = brackets[type(value)]
        return opening + ", ".join(sorted(members) if closing == "}" else members) + closing
    return repr(value)


def outcome(snippet: str) -> str:
    """Run a snippet; its last expression's value, or the class and first line of its error."""
    torch.manual_seed(0)
    names: dict[str, object] = {"torch": torch, "nn": nn, "F": nn.functional, "np": np, "io": io,
                                "copy": copy, "threading": threading}
    tree = ast.parse(snippet)
    last = tree.body.pop()
    assert isinstance(last, ast.Expr), snippet
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exec(compile(tree, "<snippet>", "exec"), names)
            return describe(eval(compile(ast.Expression(last.value), "<snippet>", "eval"), names))
        except Exception as error:
            return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
        finally:
            torch.set_default_device(None)


def agree(seen: str, expected: str) -> bool:
    """The same outcome; an expected error gives the class and the leading words only."""
    head = expected.partition(":")[0]
    if head.isidentifier() and head.endswith(("Error", "Limit")):
        return seen.startswith(expected)
    return seen == expected


def leading(seen: str, words: int = 6) -> str:
    """An error's class and first words; another outcome as it is."""
    head = seen.partition(":")[0]
    return " ".join(seen.split(" ")[:words + 1]) if head.isidentifier() and head.endswith("Error") else seen
