"""`/hoshin`: what a person may ask it in English or Japanese, and the answers, for their eyes only."""

import unicodedata
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from cycles import desk, report
from cycles.brief_queries import items_for
from cycles.briefs import DigestBrief
from cycles.errors import Refused
from cycles.glance import glance, may_see
from inbox.refusals import refusal
from inbox.sayings import notice
from inbox.visit import Visit
from tasks import reports
from tasks.messages import render
from tasks.messages.parts import SHOWN_ITEMS
from tasks.slack.quoting import decoded
from tasks.words import language_of

Json = dict[str, Any]
# Every word that is understood; the first of each language is the one we name.
WORDS: Mapping[str, tuple[str, ...]] = {
    "requests": ("requests", "依頼", "mine", "list", "一覧"),
    "status": ("status", "状況", "進捗", "ステータス"),
    "report": ("report", "詳細", "show", "報告", "レポート"),
    "help": ("help", "ヘルプ", "?", "使い方"),
}
MEANT = {word: name for name, words in WORDS.items() for word in words}
# How alike a mistyped word must be (0 to 1, as difflib reckons) to be taken for one of ours.
ALIKE = 0.6


def answer(visit: Visit) -> Json:
    """The body of the ack that answers the command."""
    # Japanese keyboards write letters, digits and spaces in full width too.
    word, *rest = unicodedata.normalize("NFKC", decoded(visit.letter.subject)).split() or ["requests"]
    name = MEANT.get(word.lower())
    if name is None:
        return _guessed(visit, word.lower())
    return {"response_type": "ephemeral", **ANSWERS[name](visit, " ".join(rest))}


def _requests(visit: Visit, _: str) -> Json:
    """The first of the open requests with their buttons, as in the digest."""
    with visit.inbox.record.read() as session:
        papers = desk.requests_of(session, visit.person, visit.now)
        open_ones = [paper.number for paper in papers if paper.section == "open"]
        items = tuple(items_for(session, open_ones[:SHOWN_ITEMS], visit.person, visit.now))
    if not items:
        return {"text": notice("nothing", visit.person.locale)}
    brief = DigestBrief(reader=visit.reader, cycle=items[0].cycle, items=items, total=len(open_ones))
    return render(brief, templates=visit.inbox.settings.templates)


def _status(visit: Visit, _: str) -> Json:
    """How the cycle stands. Raises Refused for anybody but leads and executives."""
    with visit.inbox.record.read() as session:
        if not may_see(session, visit.person):
            raise Refused("leads_only", f"{visit.person.key} is neither lead nor executive.")
        found = glance(session, visit.now)
    if found is None:
        return {"text": notice("no_cycle", visit.person.locale)}
    settings = visit.inbox.settings
    return reports.status(visit.reader, found, dashboard=settings.scorecard_url, templates=settings.templates)


def _report(visit: Visit, key: str) -> Json:
    """What is known under a key. Raises Refused where nothing is that the person may see."""
    if not key:
        return {"text": notice("which_report", visit.person.locale)}
    with visit.inbox.record.read() as session:
        found = report.report(session, visit.person, key, visit.now)
    return reports.report(visit.reader, found, templates=visit.inbox.settings.templates)


def _help(visit: Visit, _: str) -> Json:
    return {"text": notice("help", visit.person.locale)}


def _guessed(visit: Visit, word: str) -> Json:
    """A word we do not know: what was probably meant, and the help. Nothing typed is repeated."""
    locale, lines = visit.person.locale, []
    alike = get_close_matches(word, MEANT, n=1, cutoff=ALIKE)
    if alike:
        ours = WORDS[MEANT[alike[0]]][1 if language_of(locale) == "ja" else 0]
        lines.append(notice("did_you_mean", locale).replace("{word}", ours))
    elif report.ACTION.fullmatch(word) or report.REQUEST.fullmatch(word):
        ours = WORDS["report"][1 if language_of(locale) == "ja" else 0]
        lines.append(notice("did_you_mean", locale).replace("{word}", f"{ours} {word}"))
    else:
        lines.append(refusal("no_such_word", locale))
    return {"response_type": "ephemeral", "text": "\n".join([*lines, notice("help", locale)])}


ANSWERS: Mapping[str, Callable[[Visit, str], Json]] = {
    "requests": _requests,
    "status": _status,
    "report": _report,
    "help": _help,
}
