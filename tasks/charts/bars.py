"""Stacked bars: how the controls of each framework and each system stand.

What is in control lies on the left and what is not on the right, so that the boundary between them is the percentage.
"""

from collections.abc import Sequence
from typing import NamedTuple

from cycles.scorecard import Scorecard, Tally
from cycles.scorecard_figures import worst_first
from tasks.charts.figures import control_words
from tasks.charts.parts import BAR_LEFT, INNER, LABEL_ROOM, MARGIN, WIDTH, Part
from tasks.charts.svg import (
    GREEN,
    GREY,
    LINE,
    ORANGE,
    PAPER,
    RED_INK,
    SKY,
    SOFT_INK,
    VERMILLION,
    mark,
    measure,
    rect,
    text,
)
from tasks.charts.words import Words

# Hatching says "lapsed" also in grey print and to eyes that do not tell vermillion from green.
HATCH = (
    '<defs><pattern id="lapsed" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    f'<rect width="6" height="6" fill="{VERMILLION}"/><rect width="1.8" height="6" fill="{PAPER}" opacity="0.75"/>'
    "</pattern></defs>"
)
FILL = {"satisfied": GREEN, "accepted": SKY, "expiring": ORANGE, "waiting": GREY, "lapsed": "url(#lapsed)"}
MOST_SYSTEMS, MOST_FRAMEWORKS = 14, 8

_BAR_WIDTH = 364
_LEAST = 4  # one lapsed control among thousands must still be seen


class _Row(NamedTuple):
    label: str
    tally: Tally


def frameworks(card: Scorecard, words: Words, top: float) -> Part:
    rows = [_Row(words.title(each.title) or each.key, each.tally) for each in card.frameworks]
    drawn, y = _section(words("by-framework"), rows[:MOST_FRAMEWORKS], words("no-frameworks"), top, words)
    left = len(rows) - MOST_FRAMEWORKS
    if left > 0:
        drawn.append(text(MARGIN, y + 12, words("more-frameworks", n=words.count(left)), fill=SOFT_INK))
        y += 22
    return drawn, y


def systems(card: Scorecard, words: Words, top: float) -> Part:
    ordered = worst_first(card.systems)
    rows = [_Row(each.name or each.key, each.tally) for each in ordered[:MOST_SYSTEMS]]
    drawn, y = _section(words("by-system"), rows, words("no-systems"), top, words)
    rest = ordered[MOST_SYSTEMS:]
    if rest:
        lapsed = sum(1 for each in rest if each.tally.lapsed)
        key = "more-systems-lapsed" if lapsed else "more-systems"
        more = words(key, n=words.count(len(rest)), lapsed=words.count(lapsed))
        drawn.append(text(MARGIN, y + 12, more, fill=SOFT_INK))
        y += 22
    return drawn, y


def _section(title: str, rows: Sequence[_Row], nothing: str, top: float, words: Words) -> Part:
    drawn = [text(MARGIN, top + 14, title, size=14, bold=True, room=INNER)]
    if not rows:
        return [*drawn, text(MARGIN, top + 38, nothing, size=12.5, fill=SOFT_INK)], top + 46
    for place, row in enumerate(rows):
        drawn += _bar_row(row, words, top + 26 + 25 * place)
    return drawn, top + 26 + 25 * len(rows)


def _bar_row(row: _Row, words: Words, y: float) -> list[str]:
    middle, baseline = y + 10, y + 14.5
    right = BAR_LEFT + _BAR_WIDTH
    drawn = [
        text(MARGIN, baseline, row.label, size=12.5, room=LABEL_ROOM),
        *bar(row.tally, BAR_LEFT, y + 3, _BAR_WIDTH, 14),
        text(right + 48, baseline, control_words(row.tally), size=12.5, bold=True, anchor="end", room=48),
    ]
    if row.tally.lapsed:
        drawn.append(mark("bad", right + 61, middle, 5.5))
        count = words.count(row.tally.lapsed)
        left = right + 69
        drawn.append(text(left, baseline, count, size=11, bold=True, fill=RED_INK, room=WIDTH - left - 6, least=9))
    return drawn


def bar(tally: Tally, x: float, y: float, width: float, height: float) -> list[str]:
    """The segments of one bar; an empty outline when nothing is counted."""
    shares = [(kind, getattr(tally, kind)) for kind in FILL if getattr(tally, kind) > 0]
    if not shares:
        return [rect(x, y, width, height, PAPER, radius=2, stroke=LINE)]
    drawn, left = [], x
    for (kind, _), length in zip(shares, segment_widths([count for _, count in shares], width), strict=True):
        drawn.append(rect(left, y, length - 1.5, height, FILL[kind], radius=2))
        left += length
    return drawn


def segment_widths(counts: Sequence[int], width: float) -> list[float]:
    """Widths in proportion, yet none under the least visible one: the widest segments give what the small ones lack."""
    total = sum(counts)
    raised = [max(_LEAST, width * count / total) for count in counts]
    spare = sum(each - _LEAST for each in raised)
    excess = sum(raised) - width
    return [each - excess * (each - _LEAST) / spare if spare else width / len(counts) for each in raised]


def legend(tally: Tally, words: Words, top: float) -> Part:
    """Colours with their meaning and the programme's totals."""
    if not tally.total:
        return [], top - 20
    drawn, x = [], float(MARGIN)
    for kind, fill in FILL.items():
        label, count = words(kind), words.count(getattr(tally, kind))
        label_width, count_width = measure(label, 11.5), measure(count, 11.5, bold=True)
        if x + 19 + label_width + count_width > WIDTH - MARGIN:
            x, top = MARGIN, top + 20
        drawn += [
            rect(x, top, 11, 11, fill, radius=2),
            text(x + 16, top + 10, label, size=11.5, fill=SOFT_INK),
            text(x + 16 + label_width + 3, top + 10, count, size=11.5, bold=True),
        ]
        x += 16 + label_width + count_width + 14
    return drawn, top + 12
