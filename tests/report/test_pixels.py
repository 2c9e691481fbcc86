"""Pictures of a few bytes that would take gigabytes when they are drawn are left out of a page."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.report import executed, pixels

Image = pytest.importorskip("PIL.Image")
MIME = {"PNG": "image/png", "JPEG": "image/jpeg"}


def address(content: bytes, kind: str = "PNG") -> str:
    return f"data:{MIME[kind]};base64,{base64.b64encode(content).decode()}"


def picture(width: int, height: int, kind: str = "PNG", **more: Any) -> bytes:
    made = BytesIO()
    Image.new("L", (width, height)).save(made, kind, **more)
    return made.getvalue()


def claiming(width: int, height: int) -> bytes:
    """A PNG that says how large it is, and has nothing more."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))


def page_of(*contents: bytes, language: str = "en") -> str:
    outputs = [{"output_type": "display_data", "data": {"image/png": base64.b64encode(c).decode()}}
               for c in contents]
    cell = {"cell_type": "code", "source": "", "outputs": outputs, "execution_count": 1}
    return executed.render(json.dumps({"cells": [cell]}), language=language)


@pytest.mark.parametrize(("kind", "more"), [("PNG", {}), ("JPEG", {}), ("JPEG", {"progressive": True}),
                                            ("JPEG", {"exif": b"Exif\0\0" + bytes(5000)}),
                                            ("JPEG", {"comment": b"\xff\xc0" * 20})])
def test_a_size_is_read_as_a_library_reads_it(kind: str, more: dict[str, Any]) -> None:
    assert pixels.of(address(picture(31, 47, kind, **more), kind)) == 31 * 47


def test_what_moves_or_tells_no_size_has_none() -> None:
    made = BytesIO()
    frames = [Image.new("L", (9, 9), shade) for shade in range(3)]
    frames[0].save(made, "PNG", save_all=True, append_images=frames[1:])
    for content in (made.getvalue(), b"", b"\x89PNG", b"\xff\xd8", b"\xff\xd8\xff\xd9", b"GIF89a\1\0\1\0",
                    picture(9, 9, "JPEG")[:20]):
        assert pixels.of(address(content)) == -1


@given(st.binary(max_size=200), st.sampled_from([b"", b"\x89PNG", b"\xff\xd8\xff", b"\xff\xd8\xff\xe0"]))
def test_whatever_a_picture_is_a_number_comes_out(content: bytes, begins: bytes) -> None:
    assert pixels.of(address(begins + content)) >= -1


def test_a_picture_too_large_to_draw_is_left_out_and_said_so() -> None:
    page = page_of(claiming(30_000, 30_000), picture(20, 20))
    assert page.count("<img") == 1
    assert "A picture of 900 megapixels is left out: one may have 40, all together 200." in page
    assert "Ein Bild mit 900 Megapixeln fehlt hier" in page_of(claiming(30_000, 30_000), language="de")


def test_all_pictures_of_a_page_together_have_a_limit() -> None:
    page = page_of(*[claiming(6000, 6000)] * 7, picture(20, 20))
    assert page.count("<img") == 6
    assert page.count("A picture of 36 megapixels is left out") == 2


@pytest.mark.parametrize("kind", ["text/html", "text/markdown"])
def test_a_picture_within_html_and_markdown_counts_too(kind: str) -> None:
    large, small = address(claiming(30_000, 30_000)), address(picture(20, 20))
    text = f'<p><img alt="a > b" src="{large}">and<IMG\nSRC="{small}"></p>\n\n![x]({large})'
    output = {"output_type": "display_data", "data": {kind: text}}
    for cell in ({"cell_type": "code", "source": "", "outputs": [output], "execution_count": 1},
                 {"cell_type": "markdown", "source": text}):
        page = executed.render(json.dumps({"cells": [cell]}))
        assert f'src="{large[:60]}' not in page
        assert page.count("<img") == 1
        assert "900 megapixels" in page


@pytest.mark.parametrize("kind", ["image/gif", "image/webp", "image/svg+xml", "image/bmp"])
def test_pictures_of_other_kinds_are_not_shown(kind: str) -> None:
    text = f'<img src="data:{kind};base64,AAAA">'
    output = {"output_type": "display_data", "data": {"text/html": text, kind: "AAAA"}}
    page = executed.render(json.dumps({"cells": [
        {"cell_type": "code", "source": "", "outputs": [output], "execution_count": 1}]}))
    assert "AAAA" not in page
