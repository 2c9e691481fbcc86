"""Records -> where things stand in a drawing. Templates only copy the numbers into SVG."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from grader import records
from grader.report import safe_text

WIDTH, HEIGHT = 360, 216
LEFT, RIGHT, TOP, BOTTOM = 50, 348, 28, 172   # the frame that the axes make
_MOST_POINTS = 300                            # of a series: more cannot be told apart at this width
_MOST_TICKS = 6
_BAND_WIDTH = 14
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Path:
    """One series: unbroken stretches as polyline points, and its lone points."""

    name: str
    style: str                             # "reference", "own", "own second", ...
    stretches: tuple[str, ...]
    dots: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Zone:
    """Where a curve has to be at one place."""

    bar: Bar
    place: str                             # "layer 30"


@dataclass(frozen=True, kw_only=True)
class Drawing:
    title: str
    alt: str
    x_label: str
    y_label: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    bars: tuple[Bar, ...] = ()
    paths: tuple[Path, ...] = ()
    zone: Zone | None = None


@dataclass(frozen=True)
class Axis:
    """A scale from values to places along one edge of the frame."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False
    counts: bool = False   # of layers or steps, from 1: whole numbers, the first among them

    def at(self, value: float) -> float:
        """The place of a value, held inside the frame."""
        place = math.log10(value) if self.log else value
        share = (place - self.low) / (self.high - self.low)
        return round(self.start + min(1.0, max(0.0, share)) * (self.end - self.start), 1)

    def ticks(self) -> tuple[Tick, ...]:
        if self.counts:
            rest = (tick for tick in _round_numbers(self)
                    if "." not in tick.label and tick.at > self.start + 20)
            return (Tick(self.start, "1"), *rest)
        return tuple(_decades(self) if self.log else _round_numbers(self))


def drawing(picture: records.Picture) -> Drawing | None:
    """A picture laid out; None where it holds nothing that could be drawn."""
    return _histogram(picture) if isinstance(picture, records.Histogram) else _curves(picture)


def _histogram(picture: records.Histogram) -> Drawing | None:
    edges, density = picture.edges, picture.density
    if len(edges) != len(density) + 1 or not density or not all(map(_finite, edges)) or edges[0] >= edges[-1]:
        return None
    expected = picture.expected
    tops = [value for value in (*density, *expected) if _finite(value) and value >= 0]
    x = Axis(edges[0], edges[-1], LEFT, RIGHT)
    y = Axis(0.0, max(tops, default=0.0) * 1.05 or 1.0, BOTTOM, TOP)
    bars = tuple(Bar(x.at(a), y.at(d), round(max(0.1, x.at(b) - x.at(a)), 1), round(BOTTOM - y.at(d), 1))
                 for a, b, d in zip(edges, edges[1:], density, strict=False) if _finite(d) and d > 0)
    middles = [x.at(middle) for middle in _middles(edges, len(expected))]
    line = _stretches([(m, y.at(v) if _finite(v) else None) for m, v in zip(middles, expected, strict=False)])
    paths = (Path("", "reference", tuple(map(_points, line)), ()),) if expected else ()
    return _drawn(picture, x, y, bars, paths, picture.x_label, "")


def _middles(edges: Sequence[float], count: int) -> list[float]:
    """Of the bins, or of as many equal parts of the whole."""
    if count == len(edges) - 1:
        return [(a + b) / 2 for a, b in pairwise(edges)]
    return [edges[0] + (i + 0.5) / count * (edges[-1] - edges[0]) for i in range(count)]


def _curves(picture: records.Curves) -> Drawing | None:
    values = [v for series in picture.series for v in series.values
              if v is not None and _drawable(v, log=picture.log_y)]
    longest = max((len(series.values) for series in picture.series), default=0)
    if not values:
        return None
    band = _drawable_band(picture)
    x = Axis(1.0, max(2.0, float(longest)), LEFT, RIGHT, counts=True)
    y = _values_axis(values + ([band.low, band.high] if band else []), log=picture.log_y)
    own = 0
    paths = []
    for series in picture.series:
        style = "reference" if series.reference else f"own own-{own % 3}"
        own += not series.reference
        paths.append(_path(series, style, x, y))
    zone = _zone(band, x, y, picture.x_label) if band else None
    return replace(_drawn(picture, x, y, (), tuple(paths), picture.x_label, picture.y_label), zone=zone)


def _drawable_band(picture: records.Curves) -> records.Band | None:
    band = picture.band
    fits = band is not None and band.low < band.high and all(_drawable(v, log=picture.log_y)
                                                             for v in (band.low, band.high))
    return band if fits else None


def _zone(band: records.Band, x: Axis, y: Axis, x_label: str) -> Zone:
    left = min(max(LEFT, x.at(band.at) - _BAND_WIDTH / 2), RIGHT - _BAND_WIDTH)
    top = y.at(band.high)
    return Zone(Bar(left, top, _BAND_WIDTH, round(y.at(band.low) - top, 1)),
                safe_text.line(f"{x_label} {band.at}"))


def _drawn(picture: records.Picture, x: Axis, y: Axis, bars: tuple[Bar, ...], paths: tuple[Path, ...],
           x_label: str, y_label: str) -> Drawing:
    return Drawing(title=safe_text.line(picture.title), alt=safe_text.line(picture.alt, 1000),
                   x_label=safe_text.line(x_label),
                   y_label=safe_text.line(y_label), x_ticks=x.ticks(), y_ticks=y.ticks(), bars=bars,
                   paths=paths)


def _path(series: records.Series, style: str, x: Axis, y: Axis) -> Path:
    step = math.ceil(len(series.values) / _MOST_POINTS)
    points = [(x.at(i + 1), y.at(v) if v is not None and _drawable(v, log=y.log) else None)
              for i, v in enumerate(series.values) if i % step == 0]
    stretches = tuple(_stretches(points))
    dots = tuple(p for stretch in stretches
                 for p in stretch) if len(points) <= 40 and not series.reference else ()
    return Path(safe_text.line(series.name), style, tuple(_points(s) for s in stretches if len(s) > 1),
                dots or tuple(s[0] for s in stretches if len(s) == 1))


def _values_axis(values: Sequence[float], *, log: bool) -> Axis:
    low, high = min(values), max(values)
    if log:
        low, high = math.floor(math.log10(low)), math.ceil(math.log10(high))
        return Axis(low, max(high, low + 1), BOTTOM, TOP, log=True)
    if low > 0 and low < high / 2:
        low = 0.0
    room = 0.05 * (high - low) or abs(high) * 0.1 or 1.0
    return Axis(low - (room if low else 0.0), high + room, BOTTOM, TOP)


def _stretches(points: Sequence[tuple[float, float | None]]) -> Iterator[list[tuple[float, float]]]:
    """The runs of points between the gaps."""
    run: list[tuple[float, float]] = []
    for x, y in points:
        if y is not None:
            run.append((x, y))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _points(stretch: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in stretch)


def _round_numbers(axis: Axis) -> Iterator[Tick]:
    """Ticks at 1, 2 or 5 times a power of ten."""
    span = axis.high - axis.low
    rough = span / (_MOST_TICKS - 1)
    if rough < sys.float_info.min:  # no step so small can be told from zero
        return
    power = 10.0 ** math.floor(math.log10(rough))
    step = next((m * power for m in (1, 2, 5, 10) if m * power >= rough * 0.999), 10 * power)
    first, last = math.ceil(axis.low / step - 1e-9), math.floor(axis.high / step + 1e-9)
    for k in range(first, min(last, first + 2 * _MOST_TICKS) + 1):
        value = k * step
        yield Tick(axis.at(value), f"{value:.4g}".replace("-", "−"))


def _decades(axis: Axis) -> Iterator[Tick]:
    """Ticks at powers of ten in steps of 1, 2, 5 or 10 powers, 1 among them where it is in sight."""
    low, high = int(axis.low), int(axis.high)
    step = next(m for m in (1, 2, 5, 10, 20, 50, 100, 200) if (high - low) / m < _MOST_TICKS)
    for power in range(math.ceil(low / step) * step, high + 1, step):
        yield Tick(round(axis.start + (power - low) / (high - low) * (axis.end - axis.start), 1),
                   "10" + str(power).translate(_SUPERSCRIPT) if power not in (0, 1) else str(10**power))


def _finite(value: float) -> bool:
    return math.isfinite(value) and abs(value) < 1e300


def _drawable(value: float, *, log: bool) -> bool:
    return _finite(value) and (value > 0 or not log)
