"""The upper half of the scorecard: heading, stage rings, headline tiles, and the lapses that matter most.

Each part takes the card and the height at which it starts, and returns its shapes and the height at which it ends.
"""

from math import pi

from cycles.scorecard import LapseRow, Scorecard, StageRing
from cycles.scorecard_figures import open_actions, open_lapses, overdue_actions, points_since_last
from tasks.charts.figures import STAGES, control_words, decimal, headline, lapse_count, ring, ring_share
from tasks.charts.svg import (
    ALARM,
    BLUE_INK,
    CALM,
    GREEN,
    GREEN_INK,
    INK,
    LINE,
    PANEL,
    SKY,
    SOFT_INK,
    TONE,
    TONE_INK,
    check,
    ellipsis,
    mark,
    measure,
    number,
    rect,
    text,
)
from tasks.charts.words import Words, percent

WIDTH, MARGIN = 720, 24
INNER = WIDTH - 2 * MARGIN
LABEL_ROOM = 200
BAR_LEFT = MARGIN + LABEL_ROOM + 12
Part = tuple[list[str], float]

_RING_PITCH, _RADIUS = 74, 19
_TILE_GAP, _TILE_HEIGHT = 12, 92
_TILE_WIDTH = (INNER - 3 * _TILE_GAP) / 4
_LAPSES_SHOWN = 3


def header(card: Scorecard, words: Words) -> Part:
    room = INNER - 4 * _RING_PITCH - 8
    drawn = [
        text(MARGIN, 36, card.organisation, size=12.5, fill=SOFT_INK, room=room),
        text(MARGIN, 65, card.cycle, size=26, bold=True, room=room),
        text(MARGIN, 89, headline(card, words), size=12.5, fill=SOFT_INK, room=room),
    ]
    for place, stage in enumerate(STAGES):
        drawn += _ring(card, stage, WIDTH - MARGIN - _RING_PITCH * (3.5 - place), words)
    return drawn, 116


def _ring(card: Scorecard, stage: str, cx: float, words: Words) -> list[str]:
    found, cy = ring(card, stage), 40
    now = found is not None and found.state == "now"
    room = _RING_PITCH - 4
    done_of = f"{words.count(found.done)} / {words.count(found.of)}" if found else "–"
    return [
        _circle(cx, cy, LINE),
        *_arc(cx, cy, ring_share(found), GREEN if ring_share(found) >= 1 else SKY),
        _ring_heart(found, cx, cy),
        text(
            cx,
            cy + 38,
            words(f"stage-{stage}"),
            anchor="middle",
            bold=now,
            fill=INK if now else SOFT_INK,
            room=room,
        ),
        text(cx, cy + 53, done_of, size=11, anchor="middle", fill=SOFT_INK, room=room, least=9),
    ]


def _circle(cx: float, cy: float, stroke: str, extra: str = "") -> str:
    place = f'cx="{number(cx)}" cy="{number(cy)}" r="{_RADIUS}"'
    return f'<circle {place} fill="none" stroke="{stroke}" stroke-width="6"{extra}/>'


def _arc(cx: float, cy: float, share: float, stroke: str) -> list[str]:
    if share <= 0:
        return []
    around = 2 * pi * _RADIUS
    dash = f' stroke-dasharray="{number(share * around)} {number(around)}"'
    turn = f' transform="rotate(-90 {number(cx)} {number(cy)})"'
    return [_circle(cx, cy, stroke, dash + turn)]


def _ring_heart(found: StageRing | None, cx: float, cy: float) -> str:
    """A tick for a finished stage, the percentage for the one at work, a dot for one still to come."""
    if found is not None and found.state == "done":
        return check(cx, cy, 6.5, GREEN_INK, 2.6)
    if found is not None and found.state == "now":
        # 32 units lie inside the ring, enough for "100%".
        return text(
            cx, cy + 3.5, percent(ring_share(found)), size=10, bold=True, anchor="middle", fill=BLUE_INK, room=36
        )
    return f'<circle cx="{number(cx)}" cy="{number(cy)}" r="2.5" fill="{SOFT_INK}"/>'


def tiles(card: Scorecard, words: Words, top: float) -> Part:
    four = (_control_tile, _lapse_tile, _action_tile, _answer_tile)
    drawn: list[str] = []
    for place, tile in enumerate(four):
        drawn += _tile(MARGIN + place * (_TILE_WIDTH + _TILE_GAP), top, *tile(card, words))
    return drawn, top + _TILE_HEIGHT


def _tile(x: float, y: float, tone: str, value: str, label: str, note: str, unit: str = "") -> list[str]:
    room, left = _TILE_WIDTH - 26, x + 16
    unit_room = measure(unit, 12) + 4 if unit else 0
    # The figure is set smaller rather than cut: a number without its end is another number.
    value_room = _TILE_WIDTH - 24 - (unit_room or 22)
    drawn = [
        rect(x, y, _TILE_WIDTH, _TILE_HEIGHT, PANEL, radius=8),
        rect(x, y + 10, 4, _TILE_HEIGHT - 20, TONE[tone], radius=2),
        text(left, y + 42, value, size=30, bold=True, room=value_room, least=12),
        text(left, y + 62, label, size=12.5, fill=SOFT_INK, room=room, least=11),
        text(left, y + 80, note, size=12, fill=TONE_INK[tone], bold=True, room=room, least=9.5),
    ]
    if unit:
        after = left + min(value_room, measure(value, 30, bold=True)) + 4
        drawn.append(text(after, y + 42, unit, size=12, fill=SOFT_INK, room=unit_room))
    if tone in ("ok", "warn", "bad"):
        drawn.append(mark(tone, x + _TILE_WIDTH - 17, y + 17))
    return drawn


_TileWords = tuple[str, str, str, str] | tuple[str, str, str, str, str]


def _control_tile(card: Scorecard, words: Words) -> _TileWords:
    value, label, change = control_words(card.tally), words("tile-in-control"), points_since_last(card)
    if not card.tally.total:
        return "none", value, label, words("nothing-in-scope")
    if change is None:
        return "info", value, label, words("first-cycle")
    if change == 0:
        return "ok", value, label, words("unchanged")
    return ("ok" if change > 0 else "warn"), value, label, words(_direction(change), n=abs(change))


def _direction(change: int) -> str:
    return "points-up" if change > 0 else "points-down"


def _lapse_tile(card: Scorecard, words: Words) -> _TileWords:
    count, label = lapse_count(card)
    moved = words("new-recovered", new=words.count(card.new_lapses), recovered=words.count(card.recovered))
    if count:
        return "bad", words.count(count), words(label, n=count), moved
    quiet = moved if card.recovered or card.new_lapses else words("none-lapsed")
    return ("ok" if card.tally.total else "none"), "0", words(label, n=0), quiet


def _action_tile(card: Scorecard, words: Words) -> _TileWords:
    count, late = len(open_actions(card)), len(overdue_actions(card))
    note = words("overdue-count", n=words.count(late)) if late else words("none-overdue")
    calm = "ok" if count or card.tally.total else "none"
    return ("bad" if late else calm), words.count(count), words("tile-actions", n=count), note


def _answer_tile(card: Scorecard, words: Words) -> _TileWords:
    median, label = card.median_answer_workdays, words("tile-answer")
    if median is None:
        return "none", "–", label, words("no-answers")
    tone, note = _pace(median, card.previous_median_answer_workdays, words)
    return tone, decimal(median), label, note, words("workdays")


def _pace(median: float, before: float | None, words: Words) -> tuple[str, str]:
    if before is None:
        return "info", words("first-cycle")
    gap = decimal(abs(median - before))
    if gap == "0":
        return "info", words("unchanged")
    return ("ok", words("faster", n=gap)) if median < before else ("warn", words("slower", n=gap))


def lapses(card: Scorecard, words: Words, top: float) -> Part:
    """The three lapses that matter most on an alarm ground, or a calm line when nothing lapsed."""
    worst = open_lapses(card)
    if not worst:
        return _calm(card, words, top) if not card.tally.lapsed else ([], top - 18)
    shown = worst[:_LAPSES_SHOWN]
    height = 40 + 24 * len(shown)
    drawn = [
        rect(MARGIN, top, INNER, height, ALARM, radius=8),
        text(MARGIN + 16, top + 24, words("worst-lapses"), size=13.5, bold=True, room=400),
    ]
    if len(worst) > len(shown):
        more = words("more-rows", n=words.count(len(worst) - len(shown)))
        drawn.append(text(WIDTH - MARGIN - 16, top + 24, more, fill=SOFT_INK, anchor="end", room=200))
    for place, lapse in enumerate(shown):
        drawn += _lapse_line(lapse, words, top + 46 + 24 * place)
    return drawn, top + height


def _lapse_line(lapse: LapseRow, words: Words, y: float) -> list[str]:
    since = words("since", date=words.day(lapse.happened_on))
    reason = words.maybe("reason", lapse.reason)
    left, right = BAR_LEFT, WIDTH - MARGIN - 16
    room = right - left - 140
    # The reason is what counts; when space is short, the title of the evidence gives way.
    kind = ellipsis(words.title(lapse.kind_title), 12, room - measure(f" · {reason}", 12))
    return [
        mark("bad", MARGIN + 23, y - 2, 6.5),
        text(MARGIN + 38, y + 2, lapse.system_name, bold=True, room=LABEL_ROOM - 36),
        text(left, y + 2, f"{kind} · {reason}", room=room),
        text(right, y + 2, since, fill=SOFT_INK, anchor="end", room=132),
    ]


def _calm(card: Scorecard, words: Words, top: float) -> Part:
    waiting, assessed = card.tally.waiting, card.tally.total > 0
    detail = words("calm-waiting", n=words.count(waiting)) if waiting else words("calm-all")
    # Before the first assessment nothing has lapsed either, but that is no merit yet: no green.
    tone, ground = ("ok", CALM) if assessed else ("none", PANEL)
    return [
        rect(MARGIN, top, INNER, 58, ground, radius=8),
        mark(tone, MARGIN + 28, top + 29, 11),
        text(MARGIN + 52, top + 25, words("calm-lapses"), size=13.5, bold=True, fill=TONE_INK[tone], room=580),
        text(MARGIN + 52, top + 44, detail if assessed else words("calm-nothing"), fill=SOFT_INK, room=604),
    ], top + 58
