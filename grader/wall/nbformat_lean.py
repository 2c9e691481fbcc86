"""nbformat, imported in a tenth of the time. Import it from here before anything else brings it in.

Its validator, jsonschema, imports `rfc3987_syntax` where that is installed, to check texts said to be IRIs:
seconds of compiling grammars. No notebook holds such a text, and jsonschema does without the package where it
is missing.
"""

from __future__ import annotations

import sys

UNUSED = "rfc3987_syntax"

_not_there = UNUSED not in sys.modules
if _not_there:
    sys.modules[UNUSED] = None  # type: ignore[assignment]
import nbformat  # noqa: E402

if _not_there:
    del sys.modules[UNUSED]

__all__ = ["nbformat"]
