"""What a person filled in, as typed values, or what to tell them beside each field."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from tasks.modals.build import OBJECTIONS, REASON
from tasks.modals.frame import MOST_FILES, NOTE, STATEMENT
from tasks.modals.improvement import DETAIL, TITLE
from tasks.modals.planning import REACHED, STEP, STEP_DUE
from tasks.modals.planning import TITLE as STEP_TITLE
from tasks.modals.several import CHOSEN
from tasks.words import MAX_LINK, Raw, Words, clean, is_web_link

View = dict[str, Any]
Values = dict[str, Any]
FORMS = ("link", "file", "attestation")
# `text` blocks and how long they may be; Slack checks the same, but whoever speaks to the inbox need not be Slack.
TEXTS = {
    "attestation": STATEMENT,
    "note": NOTE,
    "reason": NOTE,
    "correction": NOTE,
    "root_cause": NOTE,
    "corrective_action": NOTE,
    "title": TITLE,
    "detail": DETAIL,
    STEP: STEP_TITLE,
}


class WrongAnswers(Exception):
    """The form cannot be taken as it is; `errors` maps block to a sentence for `response_action: errors`."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("; ".join(f"{block}: {message}" for block, message in errors.items()))
        self.errors = errors


def read_values(view: View, words: Words, *, today: date, latest: date | None = None) -> Values:
    """Typed values of a submitted view: block → str, date, list of file ids, user id, or None where left empty.

    `today` is the date in the reader's zone; `latest` is the last day a snooze or a risk acceptance may name. Raises
    WrongAnswers with a sentence in the reader's language for each field that needs another look.
    """
    reading = _Reading(words, today, latest, view["callback_id"].rpartition(".")[2])
    values = {block["block_id"]: reading.value(block, _state(view, block)) for block in _inputs(view)}
    reading.whole(values)
    if reading.errors:
        raise WrongAnswers(reading.errors)
    return values


def _inputs(view: View) -> list[dict[str, Any]]:
    return [block for block in view["blocks"] if block["type"] == "input"]


def _state(view: View, block: dict[str, Any]) -> dict[str, Any]:
    state: dict[str, Any] = view.get("state", {}).get("values", {}).get(block["block_id"], {}).get("value") or {}
    return state


class _Reading:
    def __init__(self, words: Words, today: date, latest: date | None, name: str) -> None:
        self.words = words
        self.today = today
        self.latest = latest
        self.name = name
        self.errors: dict[str, str] = {}

    def value(self, block: dict[str, Any], state: dict[str, Any]) -> Any:
        name = block["block_id"]
        readers: dict[str, Callable[[str, dict[str, Any]], Any]] = {
            "link": self._link,
            "file": self._files,
            "effective": self._effective,
            "until": self._until,
            "user": self._user,
            "due": self._until,
            "severity": self._chosen,
            "system": self._chosen,
            "anonymous": self._chosen,
            "objection": self._choice,
            "request": self._chosen,
            "use": self._chosen,
            "how": self._chosen,
            "also": self._boxes,
            CHOSEN: self._boxes,
            REACHED: self._boxes,
            STEP_DUE: self._step_due,
        }
        # Boxes come in groups of ten, `chosen.0`, `chosen.1`, …
        read: Callable[[str, dict[str, Any]], Any] = readers.get(name.partition(".")[0], self._text)
        value = read(name, state)
        empty = value is None or value == []
        if empty and not block.get("optional") and name not in self.errors:
            self._wrong(name, "error_date" if name in ("effective", "until", "due") else "error_one")
        return value

    def whole(self, values: Values) -> None:
        """What only the form as a whole can tell: evidence needs a link, a file or a statement."""
        offered = [form for form in FORMS if form in values]
        given = [form for form in offered if values[form] or form in self.errors]
        if self.name == "evidence" and len(offered) > 1 and not given:
            self._wrong(offered[0], "error_nothing")
        if self.name == "several":
            self._several(values, offered, given)
        if self.name == "plan":
            self._plan(values)

    def _several(self, values: Values, offered: list[str], given: list[str]) -> None:
        groups = [name for name in values if name.partition(".")[0] == CHOSEN]
        if groups and not any(values[name] for name in groups):
            self._wrong(groups[0], "error_none_chosen")
        if values.get("how") == "still_true" and given:
            self._wrong(given[0], "error_still_true")
        if values.get("how") != "still_true" and offered and not given:
            self._wrong(offered[0], "error_nothing")

    def _plan(self, values: Values) -> None:
        """A step has a day, and a day a step; and something was filled in."""
        numbers = [name.partition(".")[2] for name in values if name.partition(".")[0] == STEP]
        for number in numbers:
            step, day = f"{STEP}.{number}", f"{STEP_DUE}.{number}"
            if values[step] and not values.get(day) and day not in self.errors:
                self._wrong(day, "error_step_due")
            if values.get(day) and not values[step]:
                self._wrong(step, "error_step")
        if numbers and not any(values.values()) and not self.errors:
            self._wrong(f"{STEP}.{numbers[0]}", "error_no_step")

    def _wrong(self, name: str, fragment: str, **values: Any) -> None:
        said: Raw = self.words.say(f"modals.{fragment}", **values)
        # Slack shows these sentences as plain text.
        self.errors[name] = str(said)

    def _text(self, name: str, state: dict[str, Any]) -> str | None:
        value = clean(str(state.get("value") or "")).strip()
        most = REASON if (self.name, name) == ("snooze", "reason") else TEXTS.get(name.partition(".")[0], NOTE)
        if len(value) > most:
            self._wrong(name, "error_long", most=most)
        return value or None

    def _link(self, name: str, state: dict[str, Any]) -> str | None:
        value = clean(str(state.get("value") or "")).strip()
        if not value:
            return None
        if len(value) > MAX_LINK:
            self._wrong(name, "error_link_long")
        elif any(char.isspace() for char in value) or not is_web_link(value):
            self._wrong(name, "error_link")
        return value

    def _files(self, name: str, state: dict[str, Any]) -> list[str]:
        found = [str(row["id"]) for row in state.get("files") or []]
        if len(found) > MOST_FILES:
            self._wrong(name, "error_files", most=MOST_FILES)
        return found

    def _user(self, name: str, state: dict[str, Any]) -> str | None:
        return state.get("selected_user") or None

    def _chosen(self, name: str, state: dict[str, Any]) -> str | None:
        option = state.get("selected_option")
        value = option.get("value") if isinstance(option, dict) else None
        return value if isinstance(value, str) and value else None

    def _boxes(self, name: str, state: dict[str, Any]) -> list[str]:
        options = state.get("selected_options") or []
        return [str(option["value"]) for option in options if isinstance(option, dict) and option.get("value")]

    def _choice(self, name: str, state: dict[str, Any]) -> str | None:
        chosen = (state.get("selected_option") or {}).get("value")
        return chosen if chosen in OBJECTIONS else None

    def _date(self, name: str, state: dict[str, Any]) -> date | None:
        chosen = state.get("selected_date")
        try:
            return date.fromisoformat(chosen) if chosen else None
        except (TypeError, ValueError):
            self._wrong(name, "error_date")
            return None

    def _effective(self, name: str, state: dict[str, Any]) -> date | None:
        chosen = self._date(name, state)
        if chosen and chosen > self.today:
            self._wrong(name, "error_future", today=self.today)
        return chosen

    def _step_due(self, name: str, state: dict[str, Any]) -> date | None:
        chosen = self._date(name, state)
        if chosen and chosen < self.today:
            self._wrong(name, "error_step_past")
        elif chosen and self.latest and chosen > self.latest:
            self._wrong(name, "error_step_late", last=self.latest)
        return chosen

    def _until(self, name: str, state: dict[str, Any]) -> date | None:
        chosen, first = self._date(name, state), self.today + timedelta(days=1)
        if chosen and not first <= chosen <= (self.latest or date.max):
            self._wrong(name, "error_range", first=first, last=self.latest or first)
        return chosen
