"""The line of "in control" across cycles, with each cycle's lapses beneath its name.

The scale starts at a labelled line below the lowest point, not always at zero: the gains of a mature programme are a
few points each. No area is filled under the line, because an area on a shortened scale exaggerates.
"""

from collections.abc import Sequence
from math import floor

from cycles.scorecard import Scorecard, TrendPoint
from tasks.charts.parts import INNER, MARGIN, WIDTH, Part
from tasks.charts.svg import BLUE_INK, INK, PAPER, RED_INK, SOFT_INK, line, number, path, text
from tasks.charts.words import Words, percent

MOST_POINTS = 8
_HEIGHT, _AXIS = 104, 40


def trend(card: Scorecard, words: Words, top: float) -> Part:
    points = card.trend[-MOST_POINTS:]
    drawn = [text(MARGIN, top + 14, words("trend"), size=14, bold=True, room=400)]
    if not points:
        return [*drawn, text(MARGIN, top + 38, words("trend-empty"), size=12.5, fill=SOFT_INK)], top + 46
    if len(points) == 1:
        note = words("trend-first")
        drawn.append(text(WIDTH - MARGIN, top + 14, note, fill=SOFT_INK, anchor="end", room=INNER - 240))
    return drawn + _plot(points, words, top + 44), top + 44 + _HEIGHT + 42


def _plot(points: Sequence[TrendPoint], words: Words, top: float) -> list[str]:
    floor_ = _floor(points)
    places = [(_across(i, len(points)), _height(each, floor_, top)) for i, each in enumerate(points)]
    drawn = _grid(floor_, top)
    if len(places) > 1:
        way = "M" + "L".join(f"{number(x)} {number(y)}" for x, y in places)
        drawn.append(path(way, stroke=BLUE_INK, width=2.5))
    room = min(150.0, (INNER - _AXIS) / len(points) - 6)
    for i, (point, (x, y)) in enumerate(zip(points, places, strict=True)):
        drawn += _point(point, x, y, i == len(points) - 1)
        drawn += _names(point, x, top + _HEIGHT + 18, room, words)
    return drawn


def _floor(points: Sequence[TrendPoint]) -> int:
    """Where the scale starts, in percent: a multiple of 20 at or below 80, clear of the lowest point."""
    lowest = min(point.in_control for point in points) * 100
    return max(0, min(80, floor((lowest - 4) / 20) * 20))


def _across(index: int, count: int) -> float:
    step = (INNER - _AXIS) / count
    return MARGIN + _AXIS + step * (index + 0.5)


def _height(point: TrendPoint, floor_: int, top: float) -> float:
    share = (max(0.0, min(1.0, point.in_control)) * 100 - floor_) / (100 - floor_)
    return top + _HEIGHT * (1 - max(0.0, share))


def _grid(floor_: int, top: float) -> list[str]:
    drawn: list[str] = []
    for value in (floor_, (floor_ + 100) // 2, 100):
        y = top + _HEIGHT * (100 - value) / (100 - floor_)
        drawn.append(line(MARGIN + _AXIS, y, WIDTH - MARGIN, y))
        drawn.append(text(MARGIN + _AXIS - 8, y + 4, f"{value}%", size=11, fill=SOFT_INK, anchor="end", room=40))
    return drawn


def _point(point: TrendPoint, x: float, y: float, last: bool) -> list[str]:
    fill, radius = (BLUE_INK, 5) if last else (PAPER, 4)
    dot = f'<circle cx="{number(x)}" cy="{number(y)}" r="{radius}" fill="{fill}" stroke="{BLUE_INK}" stroke-width="2"/>'
    size = 13 if last else 11.5
    return [dot, text(x, y - 10, percent(point.in_control), size=size, bold=last, anchor="middle", fill=INK, halo=True)]


def _names(point: TrendPoint, x: float, y: float, room: float, words: Words) -> list[str]:
    lapses = words("trend-lapses", n=words.count(point.lapses))
    tone = RED_INK if point.lapses else SOFT_INK
    return [
        text(x, y, point.cycle, size=11, anchor="middle", fill=SOFT_INK, room=room),
        text(x, y + 16, lapses, size=11, anchor="middle", fill=tone, room=room),
    ]
