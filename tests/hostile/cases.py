"""All hostile submissions by family, which is the name of the module that holds them."""

from __future__ import annotations

import importlib
import pkgutil

from tests import hostile
from tests.hostile.case import Case

FEW = 3  # of a family that marks none as always tried


def _found() -> dict[str, tuple[Case, ...]]:
    names = sorted(found.name for found in pkgutil.iter_modules(hostile.__path__)
                   if found.name not in ("cases", "conftest") and not found.name.startswith("test_"))
    modules = {name: importlib.import_module(f"{hostile.__name__}.{name}") for name in names}
    return {name: module.CASES for name, module in modules.items() if hasattr(module, "CASES")}


FAMILIES = _found()
CASES = tuple(case for cases in FAMILIES.values() for case in cases)
FEWER = tuple(case for cases in FAMILIES.values()
              for case in ([one for one in cases if one.always] or cases[:FEW]))
