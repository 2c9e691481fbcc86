"""How a warm kernel draws figures: once, where the inline backend draws twice, the first time only to
measure.

A figure is drawn on a canvas with a border around it and cut out where the ink ends. If ink reaches the edge
of that canvas, or something was placed beyond it, the figure is drawn again, as the inline backend does it.
"""

from __future__ import annotations

import io
import math
from binascii import b2a_base64
from typing import Any

import matplotlib
import numpy as np
from IPython.core.pylabtools import print_figure
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox
from PIL import Image

BORDER = 0.5  # inches on each side: room for labels and titles
KEPT = 0.1    # inches around the ink, as matplotlib's `savefig.pad_inches`
COMPRESSION = 3  # of 9: half the time of PNG's usual 6 for the same size
COLOURS = 256    # of a picture with a palette, one byte a pixel in place of three
APART = 16       # of 255: how far such a picture's colours may be from those that were drawn


def draw_once(shell: Any) -> None:
    """Figures shown as PNG are drawn once. A notebook that chooses other formats gets them from the inline
    backend."""
    # fitting letters to pixels is an eighth of a figure's time
    matplotlib.rcParams["text.hinting"] = "no_hinting"
    shell.display_formatter.formatters["image/png"].for_type(Figure, png)


def png(figure: Figure) -> str | None:
    """The figure as PNG in base64, which is what IPython's formatters want; None for an empty one."""
    drawn = cut_out(figure)
    if drawn is not None:
        return b2a_base64(drawn, newline=False).decode("ascii")
    twice: str | None = print_figure(figure, fmt="png", base64=True)  # type: ignore[no-untyped-call]
    return twice


def cut_out(figure: Figure) -> bytes | None:
    """The figure's PNG, drawn once; None where that cannot be: no ink, ink at the edge or beyond, a layout to
    find."""
    if figure.get_layout_engine() is not None or not (figure.axes or figure.lines):
        return None
    dpi = figure.dpi
    columns, rows = (math.ceil((inches + 2 * BORDER) * dpi) for inches in figure.get_size_inches())
    # half a pixel: it is rounded down
    right, top = ((pixels + 0.5) / dpi - BORDER for pixels in (columns, rows))
    raw = io.BytesIO()
    figure.canvas.print_figure(raw, format="rgba", dpi=dpi,
                               bbox_inches=Bbox([[-BORDER, -BORDER], [right, top]]),
                               facecolor=figure.get_facecolor(), edgecolor=figure.get_edgecolor())
    if raw.tell() != rows * columns * 4 or _reaches_beyond(figure):
        return None
    canvas = np.frombuffer(raw.getbuffer(), np.uint8).reshape(rows, columns, 4)
    colours = canvas.view(np.uint32)[..., 0]
    inked = colours != colours[0, 0]
    (top_ink, bottom_ink), (left_ink, right_ink) = (_ends(inked.any(axis=axis)) for axis in (1, 0))
    if min(top_ink, left_ink) <= 0 or bottom_ink >= rows - 1 or right_ink >= columns - 1:
        return None
    kept = round(KEPT * dpi)
    picture = canvas[max(top_ink - kept, 0):bottom_ink + kept + 1,
                     max(left_ink - kept, 0):right_ink + kept + 1]
    file = io.BytesIO()
    _image(picture).save(file, "png", dpi=(dpi, dpi), compress_level=COMPRESSION)
    return file.getvalue()


def _image(picture: Any) -> Image.Image:
    """A picture of (rows, columns, 4) with as few bytes a pixel as show it: four, three, or a palette's
    one."""
    if not bool((picture[..., 3] == 255).all()):
        return Image.fromarray(picture)
    return _with_palette(np.ascontiguousarray(picture)) or Image.fromarray(picture).convert("RGB")


def _with_palette(picture: Any) -> Image.Image | None:
    """An opaque picture in 256 colours: what fills most of it is exact, no other is off by more than `APART`;
    None where that cannot be. Letters and lines are drawn in a thousand shades, which nobody tells apart."""
    colours = picture.view(np.uint32)[..., 0]
    inked = colours != colours[0, 0]
    drawn, which, times = np.unique(colours[inked], return_inverse=True, return_counts=True)
    if not drawn.size:
        return None
    wanted = np.ascontiguousarray(drawn.view(np.uint8).reshape(-1, 4)[:, :3])
    alike = np.asarray(Image.fromarray(wanted[None]).quantize(COLOURS - 1, Image.Quantize.FASTOCTREE))[0]
    palette, seldom_first = np.zeros((COLOURS - 1, 3), np.uint8), np.argsort(times)
    palette[alike[seldom_first]] = wanted[seldom_first]   # of those alike, the one that is there most often
    if int(np.abs(palette[alike].astype(int) - wanted).max()) > APART:
        return None
    pixels = np.zeros(colours.shape, np.uint8)
    pixels[inked] = alike[which] + 1
    image = Image.fromarray(pixels)
    image.putpalette(bytes(picture[0, 0, :3]) + palette.tobytes())
    return image


def _reaches_beyond(figure: Figure) -> bool:
    """Is a legend or a text placed where the canvas does not reach? Asked after drawing, when all have their
    places."""
    canvas = figure.bbox.padded(BORDER * figure.dpi)
    legends = [*figure.legends, *(axes.get_legend() for axes in figure.axes)]
    texts = [*figure.texts, *(text for axes in figure.axes for text in axes.texts)]
    places = [corner for legend in legends if legend for corner in legend.get_bbox_to_anchor().get_points()]
    places += [text.get_transform().transform(text.get_position()) for text in texts]
    return not all(canvas.contains(*place) for place in places)


def _ends(inked: Any) -> tuple[int, int]:
    """The first and the last row, or column, with ink; (-1, -1) where there is none."""
    found = np.flatnonzero(inked)
    return (int(found[0]), int(found[-1])) if found.size else (-1, -1)
