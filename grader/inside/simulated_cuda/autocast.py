"""torch.autocast("cuda"): the CPU's autocast does the lowering, and a mode adds what CUDA keeps
in float32."""


from __future__ import annotations

from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from .patches import Patches

# "CUDA Ops that can autocast to float32" in torch's documentation of torch.amp, as far as the CPU's list
# lacks them. The losses are composites of such operations, and named because they are called by these names.
FLOAT32 = frozenset((
    "__pow__", "__rdiv__", "__rpow__", "__rtruediv__", "acos", "asin", "cosh", "cosine_embedding_loss",
    "cdist",
    "cosine_similarity", "cross_entropy", "cumprod", "cumsum", "dist", "erfinv", "exp", "expm1", "group_norm",
    "hinge_embedding_loss", "kl_div", "l1_loss", "layer_norm", "log", "log10", "log_softmax", "log1p", "log2",
    "margin_ranking_loss", "mse_loss", "multilabel_margin_loss", "multi_margin_loss", "nll_loss", "norm",
    "normalize",
    "pdist", "poisson_nll_loss", "pow", "prod", "reciprocal", "rsqrt", "sinh", "smooth_l1_loss",
    "soft_margin_loss", "softmax", "softmin", "softplus", "sum", "renorm", "tan", "triplet_margin_loss",
    "binary_cross_entropy_with_logits", "cross_entropy_loss", "nll_loss_nd", "linalg_vector_norm",
))
HALVES = (torch.float16, torch.bfloat16)


def _widened(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.float() if value.dtype in HALVES and value.is_cuda else value
    if isinstance(value, (list, tuple)) and type(value) in (list, tuple):
        return type(value)(map(_widened, value))
    return value


class InFloat32(TorchFunctionMode):
    """Within it, CUDA's float32 operations get float32."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if getattr(func, "__name__", "") in FLOAT32 and kwargs.get("dtype") is None:
            args, kwargs = _widened(args), {name: _widened(value) for name, value in kwargs.items()}
        return func(*args, **kwargs)


def install(patches: Patches) -> None:
    """Replace how torch.autocast is entered and left; torch.cuda.amp.autocast is a subclass of it."""
    owner: Any = torch.autocast
    enter, leave = owner.__enter__, owner.__exit__

    def begin(self: Any) -> Any:
        result = enter(self)
        if self.device == "cuda":
            before = torch.is_autocast_enabled("cpu"), torch.get_autocast_dtype("cpu")
            torch.set_autocast_enabled("cpu", self._enabled)
            torch.set_autocast_dtype("cpu", self.fast_dtype)
            mode = InFloat32() if self._enabled else None
            vars(self).setdefault("_simulated", []).append((before, mode))
            if mode is not None:
                mode.__enter__()  # type: ignore[no-untyped-call]
        return result

    def end(self: Any, *raised: Any) -> Any:
        if self.device == "cuda":
            (enabled, dtype), mode = vars(self)["_simulated"].pop()
            if mode is not None:
                mode.__exit__(*raised)
            torch.set_autocast_enabled("cpu", enabled)
            torch.set_autocast_dtype("cpu", dtype)
        return leave(self, *raised)

    patches.put(owner, "__enter__", begin)
    patches.put(owner, "__exit__", end)
