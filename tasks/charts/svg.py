"""Drawing primitives: text that fits its place, shapes, marks, and the colours.

Colours are Okabe and Ito's palette ("Color Universal Design", 2008), which stays apart under the common kinds of colour
blindness. Its bright tones are too light for text on white, so text takes the darker `INK` tones: at least
4.5 : 1 on every background used here (WCAG 2.2, success criterion 1.4.3). Lengths are SVG user units (pixels at 100%).
"""

import unicodedata
from collections.abc import Iterator
from html import escape
from math import floor

GREEN, SKY, ORANGE, VERMILLION, GREY = "#009E73", "#56B4E9", "#E69F00", "#D55E00", "#C3CCD5"
INK, SOFT_INK, GREEN_INK, BLUE_INK, ORANGE_INK, RED_INK = (
    "#16202B",
    "#51606E",
    "#00694D",
    "#005A8F",
    "#7A4F00",
    "#A03F00",
)
PAPER, PANEL, LINE, CALM, ALARM = "#FFFFFF", "#F5F7F9", "#DFE5EA", "#EAF6F1", "#FDF1E8"
TONE = {"ok": GREEN, "warn": ORANGE, "bad": VERMILLION, "info": SKY, "none": GREY}
TONE_INK = {"ok": GREEN_INK, "warn": ORANGE_INK, "bad": RED_INK, "info": BLUE_INK, "none": SOFT_INK}

FONTS = (
    "system-ui,-apple-system,'Segoe UI','Noto Sans','Noto Sans JP','Noto Sans CJK JP','Hiragino Sans','Yu Gothic UI',"
    "sans-serif"
)
ELLIPSIS = "…"
_WIDTHS = {
    char: width
    for width, chars in ((0.35, " ilIj.,:;'|"), (0.42, "!()[]tfr-/"), (0.6, "ckszvxy"), (1.0, "mwMW@%"))
    for char in chars
}
_JOINERS = "\u200c\u200d"


def number(value: float) -> str:
    """A coordinate with at most one decimal, so that equal input gives equal bytes on every machine."""
    shown = f"{value:.1f}".removesuffix(".0")
    return "0" if shown == "-0" else shown


def plain(text: str) -> str:
    """Text on one line without what XML forbids or what would turn the reading order (bidi controls)."""
    return " ".join("".join(_visible(text)).split())


def _visible(text: str) -> Iterator[str]:
    stacked = 0
    for char in text:
        category = unicodedata.category(char)
        if category[0] == "Z" or char in "\t\n\r\v\f":
            yield " "
        elif category in ("Cc", "Cs", "Cn", "Co") or (category == "Cf" and char not in _JOINERS):
            continue
        else:
            stacked = stacked + 1 if _advance(char) == 0 else 0
            # Piles of combining marks would climb over the neighbouring lines; no script needs more than three.
            if stacked <= 3:
                yield char


def _advance(char: str) -> float:
    """The width of a character in em, at the wide end of the usual interface fonts."""
    if char in _JOINERS or unicodedata.category(char) in ("Mn", "Me"):
        return 0
    if char.isascii():
        return _ascii_advance(char)
    if unicodedata.east_asian_width(char) in "WF":
        return 1.3 if ord(char) >= 0x1F000 else 1.0
    if char == "·":
        return 0.42
    return 0.8 if unicodedata.category(char) in ("Ll", "Lu") and ord(char) < 0x250 else 1.0


def _ascii_advance(char: str) -> float:
    if char.isupper():
        return _WIDTHS.get(char, 0.79)
    return _WIDTHS.get(char, 0.64 if char.isalnum() else 0.84)


def measure(text: str, size: float, *, bold: bool = False) -> float:
    """An upper estimate of the width of `text`; a full-width character counts about double a Latin one."""
    return sum(map(_advance, text)) * size * (1.13 if bold else 1.0)


def ellipsis(text: str, size: float, room: float, *, bold: bool = False) -> str:
    """`text` cut with an ellipsis so that it fits into `room`."""
    if measure(text, size, bold=bold) <= room:
        return text
    room -= measure(ELLIPSIS, size, bold=bold)
    kept, used = [], 0.0
    for char in text:
        used += measure(char, size, bold=bold)
        if used > room:
            break
        kept.append(char)
    return "".join(kept).rstrip() + ELLIPSIS


def fitted(text: str, size: float, room: float, least: float | None, *, bold: bool = False) -> float:
    """The font size, between `least` and `size`, at which the text fits into `room`, as far as one does."""
    wide = measure(text, size, bold=bold)
    return size if least is None or wide <= room else max(least, floor(size * room / wide * 10) / 10)


def _familiar(char: str) -> bool:
    return ord(char) < 0x250 or unicodedata.east_asian_width(char) in "WFHA"


def text(
    x: float,
    y: float,
    words: str,
    *,
    size: float = 12,
    fill: str = INK,
    bold: bool = False,
    anchor: str = "start",
    room: float = 672,
    least: float | None = None,
    halo: bool = False,
) -> str:
    """One line of text, escaped; (x, y) is its baseline at the anchor.

    What is wider than `room` is set smaller, down to the size `least` if given, and then cut. A halo in the colour of
    the paper keeps lines that pass behind from touching the letters.
    """
    words = plain(words)
    size = fitted(words, size, room, least, bold=bold)
    shown = ellipsis(words, size, room, bold=bold)
    held = ""
    if shown and not all(map(_familiar, shown)):
        # Scripts whose glyph widths vary freely are held to the estimate, so that they cannot run over their place.
        length = number(min(room, measure(shown, size, bold=bold)))
        held = f' textLength="{length}" lengthAdjust="spacingAndGlyphs"'
    weight = ' font-weight="700"' if bold else ""
    weight += f' stroke="{PAPER}" stroke-width="4" paint-order="stroke"' if halo else ""
    where = f'x="{number(x)}" y="{number(y)}" font-size="{number(size)}" fill="{fill}"'
    return f'<text {where}{weight} text-anchor="{anchor}"{held}>{escape(shown)}</text>'


def rect(x: float, y: float, width: float, height: float, fill: str, *, radius: float = 0, stroke: str = "") -> str:
    edge = f' stroke="{stroke}"' if stroke else ""
    round_ = f' rx="{number(radius)}"' if radius else ""
    box = f'x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"'
    return f'<rect {box}{round_} fill="{fill}"{edge}/>'


def line(x1: float, y1: float, x2: float, y2: float, stroke: str = LINE) -> str:
    ends = f'x1="{number(x1)}" y1="{number(y1)}" x2="{number(x2)}" y2="{number(y2)}"'
    return f'<line {ends} stroke="{stroke}"/>'


def path(commands: str, *, stroke: str, width: float = 2, fill: str = "none") -> str:
    return (
        f'<path d="{commands}" fill="{fill}" stroke="{stroke}" stroke-width="{number(width)}" '
        'stroke-linecap="round" stroke-linejoin="round"/>'
    )


def check(cx: float, cy: float, arm: float, stroke: str, width: float = 2) -> str:
    """A tick centred on (cx, cy)."""
    start, knee, end = (cx - arm, cy), (cx - arm * 0.3, cy + arm * 0.7), (cx + arm, cy - arm * 0.7)
    return path("M" + "L".join(f"{number(x)} {number(y)}" for x, y in (start, knee, end)), stroke=stroke, width=width)


def mark(tone: str, cx: float, cy: float, radius: float = 7) -> str:
    """A sign that says by its shape what the tone says by colour: tick, triangle, cross, or a dash for "nothing yet"."""
    if tone == "warn":
        return _triangle(cx, cy, radius)
    if tone == "none":
        return _dash(cx, cy, radius)
    disc = f'<circle cx="{number(cx)}" cy="{number(cy)}" r="{number(radius)}" fill="{TONE_INK[tone]}"/>'
    arm = radius * 0.45
    if tone == "bad":
        a, b, c, d = map(number, (cx - arm, cy - arm, cx + arm, cy + arm))
        return disc + path(f"M{a} {b}L{c} {d}M{c} {b}L{a} {d}", stroke=PAPER, width=1.7)
    return disc + check(cx, cy, arm * 1.05, PAPER, 1.7)


def _dash(cx: float, cy: float, radius: float) -> str:
    ring = f'<circle cx="{number(cx)}" cy="{number(cy)}" r="{number(radius)}" fill="{SOFT_INK}"/>'
    return ring + path(f"M{number(cx - radius * 0.4)} {number(cy)}h{number(radius * 0.8)}", stroke=PAPER)


def _triangle(cx: float, cy: float, radius: float) -> str:
    left, right, top, foot = map(number, (cx - radius, cx + radius, cy - radius, cy + radius * 0.75))
    shape = path(f"M{number(cx)} {top}L{right} {foot}L{left} {foot}Z", stroke=ORANGE_INK, width=1.5, fill=ORANGE_INK)
    stem = f"M{number(cx)} {number(cy - radius * 0.4)}V{number(cy + radius * 0.1)}M{number(cx)} {number(cy + 3.4)}v.1"
    return shape + path(stem, stroke=PAPER, width=1.6)
