"""`hoshin answer 12 13 14`: several requests at once, by the rules of `cycles.batch`; each is said by name."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import typer

from hoshin.console import print_json

# Nothing was changed: as for one request. Some recorded, some not: a script must see the difference.
NONE_RECORDED, SOME_REFUSED = 2, 1


def answer_several(
    numbers: Sequence[int],
    *,
    person: str,
    offered: Callable[[Any, Any], Any] | None,
    as_of: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Answer each of these requests; `offered` makes the evidence from house and person, None is *Still true*.

    Raises:
        BadInput: more than `cycles.batch.MOST` requests, a wrong date, or a file that cannot be kept.
        typer.Exit: with code 1 when some were refused, 2 when all were.
    """
    from cycles import batch
    from cycles.errors import BadInput
    from cycles.permits import Act
    from flows.work import person_named
    from hoshin.opening import opened

    if len(numbers) > batch.MOST:
        raise BadInput(f"{len(numbers)} requests are more than {batch.MOST}. Answer them in several goes.")
    with opened(as_of=as_of, copy=dry_run) as house, house.record.write() as session:
        act = Act(session, person_named(session, person), house.now())
        if offered is None:
            found = batch.confirm(act, numbers)
        else:
            found = batch.submit(act, numbers, offered(house, act.person))
        names = batch.names_of(session, numbers)
        rows = [_row(one, names, house.settings.max_upload_mb) for one in found]
    _say(rows, dry_run, as_json)
    refused = sum(not row["recorded"] for row in rows)
    if refused:
        raise typer.Exit(NONE_RECORDED if refused == len(rows) else SOME_REFUSED)


def _row(one: Any, names: Mapping[int, tuple[str, Mapping[str, str]]], limit: int) -> dict[str, Any]:
    from inbox.refusals import refusal

    system, title = names.get(one.request_id, (None, {}))
    return {
        "request": one.request_id,
        "system": system,
        "evidence_kind": title.get("en"),
        "recorded": one.refused is None,
        "reason": one.refused,
        "remedy": refusal(one.refused, "en", limit=limit) if one.refused else None,
    }


def _say(rows: Sequence[Mapping[str, Any]], dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json({"dry_run": dry_run, "answers": rows})
        return
    done = "would be recorded" if dry_run else "recorded"
    for row in rows:
        name = f"{row['request']}" + (f" ({row['system']}, {row['evidence_kind']})" if row["system"] else "")
        print(f"{name}: {done}." if row["recorded"] else f"{name}: refused ({row['reason']}). {row['remedy']}")
