"""Are two names one person's, whichever program wrote them?"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from grader.intake.roster import LOST


def same_name(one: str, other: str) -> bool:
    """Are these one name, written by two programs? No name is nobody's."""
    return bool(one) and plain(one) == plain(other)


@lru_cache(maxsize=1 << 16)
def plain(name: str) -> str:
    """A name without what programs change about it: normal form, case, blanks, "_", and signs that no file's
    name may have."""
    return " ".join(unicodedata.normalize("NFC", unicodedata.normalize("NFC", LOST.sub("", name)).casefold())
                    .replace("_", " ").split())
