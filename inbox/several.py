"""Several requests answered at once: the form, its answers, and what is said of those that could not be taken."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cycles import batch
from cycles.brief_items import items_for
from cycles.briefs import Item
from cycles.errors import Refused
from cycles.permits import Act
from cycles.takers import same_kind
from inbox.files import keep
from inbox.filled import Filled, offered_of
from inbox.refusals import refusal
from inbox.sayings import notice, notice_view
from inbox.visit import Visit, number
from tasks import modals
from tasks.modals.several import CHOSEN, IN_A_GROUP
from tasks.words import one_line

Json = dict[str, Any]
VERB = "several"
# So many that could not be taken are named; nobody reads on.
NAMED = 10
# So many answers take about half a second.
AT_ONCE = 40


def open_form(visit: Visit, act: Act) -> Json:
    """The form over everything the person may answer. Raises Refused `answered` where there is nothing."""
    items, total = batch.choices(act.session, act.person, act.now)
    if not items:
        raise Refused("answered", f"{act.person.key} has nothing to answer.")
    settings = visit.inbox.settings
    return modals.several(
        visit.reader, items, now=visit.now, total=total, files=settings.takes_files, templates=settings.templates
    )


def others_of(visit: Visit, act: Act, item: Item) -> tuple[list[Item], int]:
    """What the evidence for one request may answer, too, and how many there are: other systems, asked for the same kind."""
    numbers = same_kind(act.session, act.person, act.now, item.request_id)
    return items_for(act.session, numbers[:IN_A_GROUP], act.person, act.now), len(numbers)


def send(visit: Visit, act: Act, filled: Filled) -> list[batch.Outcome]:
    """Answer what was chosen.

    Raises:
        Refused: when not one of them could be answered, for the reason of the first.
    """
    found = _answered(visit, act, filled, chosen(filled.values))
    if found and all(one.refused for one in found):
        raise Refused(str(found[0].refused), f"none of {len(found)} requests could be answered together")
    return found


def is_long(visit: Visit, values: Json) -> bool:
    """Whether answering takes longer than Slack waits for the form's acknowledgement (3 s)."""
    return visit.letter.verb == VERB and len(chosen(values)) > AT_ONCE


def in_parts(visit: Visit, filled: Filled) -> list[batch.Outcome]:
    """Answer many, a few in each transaction, so that nobody else's press waits for all of them.

    Should this process end in the middle, the others are open as before.
    """
    numbers = chosen(filled.values)
    found: list[batch.Outcome] = []
    for place in range(0, len(numbers), AT_ONCE):
        part = numbers[place : place + AT_ONCE]
        one = replace(visit, letter=replace(visit.letter, key=f"{visit.letter.key}#{place}"))
        one.settle(lambda act, part=part: found.extend(_part(visit, act, filled, part, found)))  # type: ignore[misc]
    return found


def _part(
    visit: Visit, act: Act, filled: Filled, numbers: Sequence[int], before: Sequence[batch.Outcome]
) -> list[batch.Outcome]:
    """The first part that names the files keeps them, before its commit: no row names a file that is not there."""
    found = _answered(visit, act, filled, numbers)
    taken = [one.refused is None for one in found]
    if any(taken) and not any(one.refused is None for one in before):
        for file in filled.files:
            keep(visit.inbox, file)
    return found


def _answered(visit: Visit, act: Act, filled: Filled, numbers: Sequence[int]) -> list[batch.Outcome]:
    if filled.values.get("how") == "still_true":
        return batch.confirm(act, numbers)
    return batch.submit(act, numbers, offered_of(filled, visit.today))


def also(visit: Visit, act: Act, filled: Filled) -> list[batch.Outcome]:
    """The same evidence for other requests, after the one its form was for."""
    numbers = [number(value) for value in filled.values.get("also") or ()]
    if not numbers:
        return []
    return [batch.Outcome(request_id=visit.number), *batch.submit(act, numbers, offered_of(filled, visit.today))]


def chosen(values: Json) -> list[int]:
    """The requests whose boxes were ticked, over all groups."""
    groups = [name for name in values if name.partition(".")[0] == CHOSEN]
    return [number(value) for name in groups for value in values[name] or ()]


def may_send(act: Act, numbers: Sequence[int]) -> None:
    """Whether anything is fetched for this: at least one of them may be answered. Raises Refused with the last reason."""
    refused = Refused("unknown", "nothing was chosen")
    for one in numbers:
        try:
            request, _, _, directory = act.request(one)
            act.may_answer(request, directory)
            return
        except Refused as error:
            refused = error
    raise refused


def told(visit: Visit, found: Sequence[batch.Outcome]) -> Json | None:
    """What the form says in the end; nothing, and it closes, where only one answer was meant."""
    if not found:
        return None
    failed = [one for one in found if one.refused]
    locale = visit.person.locale
    said = [notice("several_done", locale).replace("{count}", str(len(found) - len(failed)))]
    waiting = _waiting(visit, [one.request_id for one in found if not one.refused])
    if waiting:
        said.append(notice("several_waiting", locale).replace("{count}", str(waiting)))
    if failed:
        said.append(notice("several_left", locale).replace("{count}", str(len(failed))))
        said += _lines(visit, failed[:NAMED])
    view = notice_view("\n".join(said), locale, "several_title")
    return {"response_action": "update", "view": view}


def _waiting(visit: Visit, numbers: Sequence[int]) -> int:
    """How many of these a reviewer is asked about now."""
    with visit.inbox.record.read() as session:
        return len(batch.in_review(session, numbers))


def _lines(visit: Visit, failed: Sequence[batch.Outcome]) -> list[str]:
    with visit.inbox.record.read() as session:
        names = batch.names_of(session, [one.request_id for one in failed])
    limit, locale = visit.inbox.settings.max_upload_mb, visit.person.locale
    return [
        f"• {_name(visit, names.get(one.request_id))}: {refusal(str(one.refused), locale, limit=limit)}"
        for one in failed
    ]


def _name(visit: Visit, named: tuple[str, Mapping[str, str]] | None) -> str:
    if named is None:
        return "–"
    system, kind = named
    return f"{one_line(system, 40)} · {one_line(visit.words.pick(kind), 40)}"
