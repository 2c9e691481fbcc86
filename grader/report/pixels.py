"""How large pictures are once they are decoded, from their headers alone: a few bytes may claim gigabytes."""

from __future__ import annotations

import base64
import binascii
import html
import re
import struct
from dataclasses import dataclass

from grader.locale import N_
from grader.report.wording import Words

LARGE = N_("A picture of %(size)s megapixels is left out: one may have %(most)s, all together %(all)s.")
UNKNOWN = N_("A picture is left out: its size cannot be told, or it moves.")

MOST = 40_000_000        # pixels of one picture, four bytes each when shown: 6000 x 6000 is a large figure
MOST_OF_ALL = 200_000_000

MEGA = 1_000_000

_IMG = re.compile(r"<img(?:\s[^>]*)?>")
_SRC = re.compile(r'\ssrc="([^"]*)"')
_ALT = re.compile(r"\salt=")
_PNG = struct.Struct(">8s4x4sII")
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})   # JPEG's markers that tell the size
_BARE = frozenset({0x01, *range(0xD0, 0xD9)})                    # and those without a length


@dataclass
class Room:
    """How much more of a page may be drawn."""

    pixels: int = MOST_OF_ALL


def within(room: Room, clean: str, alt: str, w: Words) -> str:
    """Cleaned HTML, each picture with a name, and in place of those that are too large to draw a sentence."""
    def named(match: re.Match[str]) -> str:
        source = _SRC.search(match[0])
        size = of(source[1]) if source else 0
        if not 0 <= size <= min(MOST, room.pixels):
            values = {"size": size // MEGA, "most": MOST // MEGA, "all": MOST_OF_ALL // MEGA}
            return f"<em>{html.escape(w.gettext(UNKNOWN if size < 0 else LARGE) % values)}</em>"
        room.pixels -= size
        return match[0] if _ALT.search(match[0]) else f'<img alt="{html.escape(alt)}"{match[0][4:]}'
    return _IMG.sub(named, clean)


def of(address: str) -> int:
    """The pixels of a PNG or JPEG in a data: address; -1 where its header does not tell, or it moves."""
    try:
        content = base64.b64decode("".join(address.partition(",")[2].split()))
    except (binascii.Error, ValueError):
        return -1
    return _png(content) if content.startswith(b"\x89PNG") else _jpeg(content)


def _png(content: bytes) -> int:
    if len(content) < _PNG.size:
        return -1
    _, kind, width, height = _PNG.unpack_from(content)
    return -1 if kind != b"IHDR" or b"acTL" in content else width * height


def _jpeg(content: bytes) -> int:
    if not content.startswith(b"\xff\xd8"):
        return -1
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", content, at + 5)
            return int(width * height) or -1
        if marker == 0xFF:
            at += 1
        elif marker in _BARE:
            at += 2
        else:
            at += 2 + struct.unpack_from(">H", content, at + 2)[0]
    return -1
