"""The scorecard as one picture: a pure function from a `Scorecard` to SVG text.

The picture carries its own white ground, so that it reads in a light and in a dark page; it uses no script, no style
sheet and no outside resource, so that it works as a data URI. The same card gives the same bytes.
"""

from base64 import b64encode
from collections.abc import Callable
from html import escape
from math import ceil

from cycles.scorecard import Scorecard
from tasks.charts.bars import HATCH, frameworks, legend, systems
from tasks.charts.figures import summary
from tasks.charts.parts import MARGIN, WIDTH, Part, header, lapses, tiles
from tasks.charts.svg import FONTS, LINE, PAPER, SOFT_INK, ellipsis, plain, rect, text
from tasks.charts.trend import trend
from tasks.charts.words import Words, words_for

_ALT_ROOM = 400.0  # in em: a sentence, not a page


def scorecard_svg(card: Scorecard, *, language: str) -> str:
    """Draws the card in `en` or `ja`; under 60 KB however many systems there are."""
    words = words_for(language)
    drawn, height = _body(card, words)
    alt = escape(alt_text(card, language=language))
    open_ = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'font-family="{FONTS}" xml:lang="{words.language}" role="img" aria-label="{alt}">'
    )
    ground = rect(0.5, 0.5, WIDTH - 1, height - 1, PAPER, radius=12, stroke=LINE)
    return "\n".join([open_, HATCH, ground, *drawn, "</svg>"])


def _body(card: Scorecard, words: Words) -> tuple[list[str], int]:
    drawn, y = header(card, words)
    parts: tuple[tuple[float, Callable[[float], Part]], ...] = (
        (0, lambda top: tiles(card, words, top)),
        (16, lambda top: lapses(card, words, top)),
        (24, lambda top: legend(card.tally, words, top)),
        (20, lambda top: frameworks(card, words, top)),
        (20, lambda top: systems(card, words, top)),
        (24, lambda top: trend(card, words, top)),
    )
    for gap, part in parts:
        more, y = part(y + gap)
        drawn += more
    drawn.append(_footer(card, words, y + 24))
    return drawn, ceil(y + 42)


def _footer(card: Scorecard, words: Words, y: float) -> str:
    as_of = words("as-of", moment=words.moment(card.as_of, card.zone), zone=card.zone)
    return text(WIDTH - MARGIN, y, as_of, size=11, fill=SOFT_INK, anchor="end")


def alt_text(card: Scorecard, *, language: str) -> str:
    """The headline figures in one sentence, for those who cannot see the picture."""
    words = words_for(language)
    return ellipsis(plain(words("alt", **summary(card, words))), 1, _ALT_ROOM)


def data_uri(svg: str) -> str:
    """The picture as a `data:` URI, the one form in which Prefect's pages show a drawing."""
    return "data:image/svg+xml;base64," + b64encode(svg.encode("utf-8")).decode("ascii")
