"""One name in two spellings: what programs change about a name, and people do not mean."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# What Moodle takes out of a name before it makes a folder's name of it.
LOST = re.compile(r"[\x00-\x1f\x7f&<>\"`|':\\/]")


def folded(text: str) -> str:
    """A text as it is compared: composed, without case, "_" as a space."""
    return " ".join(unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
                    .replace("_", " ").split())


@lru_cache(maxsize=1 << 16)
def folded_name(name: str) -> str:
    """The same of a person's or a team's name, also without the signs that a folder's name loses."""
    return folded(LOST.sub("", name))
