"""The lines of the scorecard page: what needs someone, the lapses and the actions, in words."""

from collections.abc import Iterable

from cycles.scorecard import ActionRow, LapseRow, Scorecard
from cycles.scorecard_figures import accepted, open_actions, open_lapses, overdue_actions, overdue_requests, today
from tasks.charts.escaping import Markdown, sentence, shortened
from tasks.charts.words import Words

GOOD, WATCH, WRONG, OPEN = "●", "▲", "✕", "○"
MOST_LINES = 15  # of a table on the scorecard page, which is to be read, not searched


def cut(rows: list[dict[str, str]]) -> dict[str, object]:
    return {"rows": rows[:MOST_LINES], "more": max(0, len(rows) - MOST_LINES)}


def lapse_lines(card: Scorecard, words: Words) -> list[dict[str, str]]:
    """What the page says of each lapse not recovered from."""
    return [_lapse_line(card, each, words) for each in _all_lapses(card)]


def _all_lapses(card: Scorecard) -> list[LapseRow]:
    """Uncovered lapses first; those under an accepted risk stay in sight at the end."""
    return open_lapses(card) + sorted(
        (each for each in card.lapses if accepted(card, each)), key=lambda each: (each.happened_on, each.lapse_id)
    )


def _lapse_line(card: Scorecard, lapse: LapseRow, words: Words) -> dict[str, str]:
    return {
        "sign": WATCH if accepted(card, lapse) else WRONG,
        "system": lapse.system_name,
        "what": words.title(lapse.kind_title),
        "reason": words.maybe("reason", lapse.reason),
        "since": Markdown(words.near(lapse.happened_on, today(card))),
        "owner": lapse.owner,
        "treatment": _treatment(card, lapse, words),
    }


def _treatment(card: Scorecard, lapse: LapseRow, words: Words) -> str:
    if accepted(card, lapse) and lapse.accepted_until:
        return words("accepted-until", date=words.day(lapse.accepted_until))
    return words("nobody-yet") if lapse.action_id is None else words("action-number", id=lapse.action_id)


def action_lines(card: Scorecard, words: Words) -> list[dict[str, str]]:
    """What the page says of each open action, the most pressing first."""
    return [
        action_line(each, words) | {"due": Markdown(words.near(each.due, today(card)))} for each in open_actions(card)
    ]


def action_line(action: ActionRow, words: Words) -> dict[str, str]:
    """What the page and the table alike say of an action."""
    return {
        "sign": action_sign(action),
        "system": action.system_name,
        "what": words.title(action.kind_title),
        "severity": words.maybe("severity", action.severity),
        "state": words.maybe("state", action.state),
        "owner": action.owner,
    }


def action_sign(action: ActionRow) -> str:
    return {"overdue": WRONG, "relapsed": WATCH}.get(action_status(action), GOOD)


def action_status(action: ActionRow) -> str:
    """overdue, relapsed or on-track."""
    if action.overdue:
        return "overdue"
    return "relapsed" if action.relapses else "on-track"


def needs(card: Scorecard, words: Words) -> list[dict[str, Markdown]]:
    """One line for each thing only a person can mend, the late ones first; none when all is well."""
    unowned = sum(1 for each in open_lapses(card) if each.action_id is None)
    relapsed = sum(1 for each in open_actions(card) if each.relapses)
    counted = (
        (WRONG, "needs-unowned", unowned),
        (WRONG, "needs-unknown", card.deliveries_unknown),
        (WRONG, "needs-failed", card.deliveries_failed),
        (WATCH, "needs-orphaned", card.orphaned),
        (WATCH, "needs-relapsed", relapsed),
    )
    lines = [(sign, words(key, n=words.count(count))) for sign, key, count in counted if count > 0]
    found = (*_held(card, words), *_late(card, words), *lines)
    return [{"sign": Markdown(sign), "words": sentence(line)} for sign, line in found]


def _held(card: Scorecard, words: Words) -> Iterable[tuple[str, str]]:
    """Before everything else: while nobody is asked or reminded, the other figures say little."""
    if card.held:
        reason = words.either(f"held-{card.held.trouble}", "held-other")
        yield WRONG, words("needs-held", reason=reason, n=words.count(card.held.waiting))


def _late(card: Scorecard, words: Words) -> Iterable[tuple[str, str]]:
    actions = sorted(overdue_actions(card), key=lambda each: each.due)
    for key, rows in (("needs-overdue-actions", actions), ("needs-overdue-requests", overdue_requests(card))):
        if rows:
            oldest = rows[0]
            yield (
                WRONG,
                words(
                    key,
                    n=words.count(len(rows)),
                    date=words.day(oldest.due),
                    system=shortened(oldest.system_name),
                    owner=shortened(oldest.owner),
                ),
            )
