"""What a scorecard says, once: the figures and orders that the picture, the page and the tables share."""

from cycles.scorecard import Scorecard, StageRing, SystemRow, Tally
from cycles.scorecard_figures import open_actions, open_lapses, overdue_actions
from tasks.charts.words import Words, percent

STAGES = ("plan", "do", "check", "act")


def system_tone(row: SystemRow) -> str:
    """bad: something lapsed · warn: something expires or an answer is late · none: still waiting, or nothing counted."""
    if row.tally.lapsed:
        return "bad"
    if row.tally.expiring or row.overdue_requests:
        return "warn"
    return "ok" if row.tally.total and not row.tally.waiting else "none"


def control_words(tally: Tally) -> str:
    """The share in control, or a dash while nothing is assessed: an empty programme is not 100% in control."""
    return percent(tally.in_control) if tally.total else "–"


def decimal(value: float) -> str:
    """One decimal, without a trailing zero, and none from a hundred on: 1.6, 2, 140."""
    return f"{value:,.1f}".removesuffix(".0") if abs(value) < 100 else f"{value:,.0f}"


def median_words(card: Scorecard, words: Words) -> str:
    if card.median_answer_workdays is None:
        return "–"
    return words("workdays-value", n=decimal(card.median_answer_workdays))


def lapse_count(card: Scorecard) -> tuple[int, str]:
    """The number for the headline and its label.

    Controls can be assessed as lapsed a moment before their lapses are recorded; the headline then counts those
    controls, because a red bar beside the figure 0 would be a contradiction.
    """
    lapses = len(open_lapses(card))
    if lapses or not card.tally.lapsed:
        return lapses, "tile-lapses"
    return card.tally.lapsed, "tile-lapsed-controls"


def ring(card: Scorecard, stage: str) -> StageRing | None:
    return next((each for each in card.rings if each.stage == stage), None)


def ring_share(found: StageRing | None) -> float:
    """How far a stage is, 0–1. A stage that is done counts as whole, whatever it left to the next."""
    if found is None:
        return 0.0
    if found.state == "done":
        return 1.0
    return max(0.0, min(1.0, found.done / found.of)) if found.of > 0 else 0.0


def headline(card: Scorecard, words: Words) -> str:
    """`Check · workday 41 of 62 · closes 25 Dec 2026`."""
    if card.stage == "closed":
        return words("headline-closed", date=words.day(card.closes))
    stage = words.maybe("stage", card.stage)
    return words("headline", stage=stage, day=card.workday, days=card.workdays, date=words.day(card.closes))


def summary(card: Scorecard, words: Words) -> dict[str, str]:
    """The headline figures in words, for the text beside the picture and for descriptions."""
    return {
        "cycle": card.cycle,
        "in_control": control_words(card.tally),
        "lapses": words.count(lapse_count(card)[0]),
        "actions": words.count(len(open_actions(card))),
        "overdue": words.count(len(overdue_actions(card))),
        "median": median_words(card, words),
    }
