"""Answers that are no evidence: it is not mine, it does not apply, I cannot provide it; and the lead who keeps asking.

The first two stop the chase until a lead decides (`decisions.reassign`, `decisions.excuse`, `keep_asking`). The third is
a nonconformity that somebody has named themselves (ISO/IEC 42001:2023, 10.2): its lapse and its improvement action are
opened in the same transaction, and nobody is chased for what is known not to exist.
"""

from cycles import decisions, lapses, outbox
from cycles.act import answer_lapse
from cycles.errors import Refused
from cycles.models import Request
from cycles.people import Directory
from cycles.permits import Act


def not_mine(act: Act, request_id: int, note: str) -> None:
    """Say that somebody else is responsible; chasing stops and the lead decides.

    Raises:
        Refused: without a note that says why.
    """
    request, directory = _objected(act, request_id, note, "Say in a word why, or whose it is.")
    request.disputed, request.next_at = True, None
    act.change(request, request.state, "disputed", note=note.strip())
    _tell_lead(act, request, directory)


def not_applicable(act: Act, request_id: int, reason: str) -> None:
    """Say that the requirement does not apply to the system; chasing stops and the lead decides.

    Raises:
        Refused: without a reason, or when it is not theirs or answered already.
    """
    request, directory = _objected(act, request_id, reason, "Say why it does not apply.")
    request.disputed, request.next_at = True, None
    act.change(request, request.state, "not_applicable", note=reason.strip())
    _tell_lead(act, request, directory)


def cannot_provide(act: Act, request_id: int, reason: str) -> None:
    """Say that there is no such evidence: the lapse and its one improvement action are open from this moment.

    The request can still be answered, should the evidence turn up.

    Raises:
        Refused: without a reason, or when it is not theirs or answered already.
    """
    request, directory = _objected(act, request_id, reason, "Say why it cannot be provided.")
    _, cycle, policy, _ = act.request(request_id)
    act.is_decided(request)
    request.next_at, request.offered_to_id = None, None
    act.change(request, "lapsed", "cannot_provide", note=reason.strip())
    lapse = lapses.open_named(act.session, cycle, request, now=act.now, actor=act.person.key)
    answer_lapse(act.session, lapse, cycle, policy, directory, act.now, act.person.key)
    _tell_lead(act, request, directory)


def keep_asking(act: Act, request_id: int, note: str) -> None:
    """A lead says that it is theirs and does apply: they are asked again, with a fair time to answer.

    Raises:
        Refused: for anybody but a lead, without a note, when nothing is disputed, or when the person has left.
    """
    request, _, _, directory = act.request(request_id)
    act.must_lead(directory)
    if not note.strip():
        raise Refused("reason", "Say why it is asked all the same; the person asked reads it.")
    act.must_be_asked(request)
    if not request.disputed:
        raise Refused("answered", f"Request {request.id} is not disputed.")
    if directory.has_left(request.assignee_id, act.now):
        raise Refused("left", f"{directory.people[request.assignee_id].name} has left; give it to somebody else.")
    request.disputed = False
    decisions.fresh_clock(request, request.assignee_id, directory, act.now)
    act.change(request, request.state, "kept", note=note.strip(), due=request.due)


def _objected(act: Act, request_id: int, words: str, wanted: str) -> tuple[Request, Directory]:
    request, _, _, directory = act.request(request_id)
    act.may_answer(request, directory)
    act.must_be_asked(request)
    if not words.strip():
        raise Refused("reason", wanted)
    return request, directory


def _tell_lead(act: Act, request: Request, directory: Directory) -> None:
    """One message, at a decent hour; each objection has a record number of its own, so it is told once."""
    lead = directory.lead(act.now)
    number = (request.answer or {})["record"]
    outbox.tell(
        act.session,
        directory,
        lead,
        key=f"dispute:{request.id}:{number}",
        kind="dispute",
        about=[("request", request.id, 0)],
        now=act.now,
    )
