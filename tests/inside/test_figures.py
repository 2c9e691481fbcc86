"""Figures of a warm kernel: drawn once, and yet what the inline backend shows."""

import base64
import io
from collections.abc import Callable

import matplotlib
import numpy as np
import pytest
from IPython.core.pylabtools import print_figure
from matplotlib.figure import Figure
from PIL import Image

from grader.inside.kernel import figures

DPI = 100


def lines() -> Figure:
    figure = Figure(figsize=(6, 2.8), dpi=DPI)
    axes = figure.subplots()
    axes.plot([1, 2, 3], [1e-3, 1, 1e3], marker=".", label="yours")
    axes.set(yscale="log", xlabel="layer", ylabel="spread", title="By layer")
    axes.legend()
    return figure


def two() -> Figure:
    figure = Figure(figsize=(8, 3.3), dpi=72.5)
    for axes in figure.subplots(1, 2, sharey=True):
        axes.hist(np.arange(100.0), bins=20)
    figure.suptitle("Two of them", y=1.06)  # above the figure's own edge: the border has room for it
    return figure


def dark() -> Figure:
    figure = lines()
    figure.set_facecolor("#223344")
    return figure


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def ink(picture: np.ndarray) -> np.ndarray:
    marked: np.ndarray = (picture != picture[0, 0]).any(axis=2)
    return marked


@pytest.mark.parametrize("made", [lines, two, dark])
def test_the_cut_is_as_the_inline_backends(made: Callable[[], Figure]) -> None:
    # for files, not for cells
    with matplotlib.rc_context({"savefig.facecolor": "red", "savefig.edgecolor": "red"}):
        drawn = figures.cut_out(made())
        once, twice = pixels(drawn or b""), pixels(print_figure(made()))
    # the ink's edge, or that of the box around a text
    assert np.abs(np.subtract(once.shape, twice.shape)).max() <= 8
    assert ink(once).mean() == pytest.approx(ink(twice).mean(), rel=0.05)
    assert tuple(once[0, 0]) == tuple(twice[0, 0])
    inked, kept = ink(once), round(figures.KEPT * made().dpi)
    assert not any(edge.any() for edge in (inked[:kept], inked[-kept:], inked[:, :kept], inked[:, -kept:]))
    assert all(edge.any() for edge in (inked[kept], inked[-kept - 1], inked[:, kept], inked[:, -kept - 1]))


def far_legend() -> Figure:
    figure = lines()
    figure.axes[0].legend(loc="upper left", bbox_to_anchor=(1.3, 1))
    return figure


def wide_legend() -> Figure:
    figure = lines()
    figure.axes[0].legend(["a line with a name " * 6], loc="upper left", bbox_to_anchor=(1.02, 1))
    return figure


def far_text() -> Figure:
    figure = lines()
    figure.text(0.5, 2.5, "far above")
    return figure


def with_a_layout() -> Figure:
    figure = Figure(layout="constrained")
    figure.subplots().plot([1, 2])
    return figure


@pytest.mark.parametrize("made", [far_legend, wide_legend, far_text, with_a_layout])
def test_what_cannot_be_drawn_at_once_is_left_to_the_inline_backend(made: Callable[[], Figure]) -> None:
    assert figures.cut_out(made()) is None
    assert figures.png(made()) == base64.b64encode(print_figure(made())).decode()


def test_what_shows_nothing_is_no_picture() -> None:
    assert figures.png(Figure()) is None


def test_only_what_can_be_seen_through_keeps_its_alpha() -> None:
    clear = lines()
    clear.set_facecolor("none")
    modes = [Image.open(io.BytesIO(drawn)).mode for drawn in map(figures.cut_out, (lines(), clear)) if drawn]
    assert modes == ["P", "RGBA"]


def test_a_shell_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from IPython.core.formatters import DisplayFormatter

    monkeypatch.setitem(matplotlib.rcParams, "text.hinting", "default")
    shell = type("Shell", (), {"display_formatter": DisplayFormatter()})()
    shell.display_formatter.active_types = ["image/png"]
    figures.draw_once(shell)
    bundle, _ = shell.display_formatter.format(lines())
    assert bundle["image/png"] == figures.png(lines())


def heat() -> Figure:
    figure = Figure(figsize=(6, 3), dpi=DPI)
    axes = figure.subplots()
    axes.imshow(np.random.default_rng(1).random((8, 8, 3)), interpolation="bilinear")
    return figure


def test_a_figure_takes_one_byte_a_pixel_and_looks_as_it_was_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    small = figures.cut_out(dark()) or b""
    monkeypatch.setattr(figures, "_with_palette", lambda picture: None)
    large = figures.cut_out(dark()) or b""
    assert (Image.open(io.BytesIO(small)).mode, Image.open(io.BytesIO(large)).mode) == ("P", "RGB")
    assert len(small) < 0.6 * len(large)
    shown, drawn = pixels(small), pixels(large)
    assert np.abs(shown - drawn).max() <= figures.APART
    assert tuple(shown[100, 300]) == tuple(drawn[100, 300]) == (255, 255, 255)
    assert (shown[~ink(drawn)] == drawn[0, 0]).all(), "the background is as it was drawn"


def test_a_picture_of_more_colours_keeps_them_all() -> None:
    assert Image.open(io.BytesIO(figures.cut_out(heat()) or b"")).mode == "RGB"
