"""What `hoshin doctor` finds out about the words: whether every message and form can be written, and whether Slack takes it."""

import json
from collections.abc import Iterator

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from cycles.errors import BadInput
from cycles.settings import Settings
from tasks import own_check
from tasks.blocks import problems
from tasks.specimens import LANGUAGES, Payload, Specimen, specimens

SHOWN = 3


def written(settings: Settings) -> tuple[str, str]:
    """Every message and form in every language by our own rules; asks nobody."""
    mistaken = own_check.faults(settings.templates) if settings.templates else []
    if mistaken:
        return "bad", f"{_some(mistaken)} Until then Hoshin's own words are used there."
    wrong, number = [], 0
    for locale, specimen in _all(settings):
        number += 1
        found = problems(specimen.render())
        wrong += [f"{specimen.name} ({locale}): {found[0]}"] if found else []
    if wrong:
        where = settings.templates or "the built-in templates"
        return "bad", f"{_some(wrong)} Mend the templates in {where}."
    return "ok", f"{number // len(LANGUAGES)} messages and forms in {len(LANGUAGES)} languages can be written"


def taken(settings: Settings, client: WebClient) -> tuple[str, str]:
    """The same put before Slack's own judge (blocks.validate: needs no scope, shows nobody anything)."""
    wrong, number = [], 0
    for locale, specimen in _all(settings):
        try:
            payload = specimen.render()
        except BadInput:
            continue  # `written` has said so
        try:
            found = _refusal(client, specimen.surface, payload)
        except SlackApiError as error:
            # How often it may be called, Slack does not say (its page: "special rate limits").
            return "warn", f"Slack judged {number} and then no more ({error.response['error']}). Try again in a minute."
        except OSError as error:
            return "warn", f"Slack judged {number} and then no more ({error}). Try again in a minute."
        number += 1
        wrong += [f"{specimen.name} ({locale}): {found}"] if found else []
    if wrong:
        return "bad", f"Slack would refuse {_some(wrong)} Mend its template."
    return "ok", f"Slack takes all {number // len(LANGUAGES)} in {len(LANGUAGES)} languages"


def _all(settings: Settings) -> Iterator[tuple[str, Specimen]]:
    for locale in LANGUAGES:
        for specimen in specimens(locale, templates=settings.templates):
            yield locale, specimen


def _refusal(client: WebClient, surface: str, payload: Payload) -> str:
    """What Slack has against it, or nothing. Raises SlackApiError when Slack did not judge."""
    try:
        client.api_call("blocks.validate", data={surface: json.dumps(payload)})
    except SlackApiError as error:
        if error.response.get("error") != f"invalid_{surface}":
            raise
        first = (error.response.get("errors") or [{}])[0]
        return f"{first.get('pointer', '')} {first.get('message', 'invalid')}".strip()
    return ""


def _some(wrong: list[str]) -> str:
    more = f"; and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
    return "; ".join(line.rstrip(".") for line in wrong[:SHOWN]) + more + "."
