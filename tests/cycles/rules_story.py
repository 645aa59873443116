"""A story told by the record itself: after each deed, every row that came or changed and every entry of the journal."""

import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from rules_house import House, tokyo
from sqlmodel import Session, SQLModel, col, select

from cycles.errors import HoshinError, Refused
from cycles.models import Delivery, EvidenceKind, JournalEntry, Person, System
from cycles.permits import Act

TABLES = (
    *("cycle", "request", "evidence", "verdict", "review", "standing", "assessment", "lapse", "action", "milestone"),
    *("acceptance", "cadence", "delivery", "delivery_item"),
)
# Long, the same for every row, or told by the journal's own tests.
LEFT_OUT = {"id", "key", "delivery_id", "policy", "catalogues", "summary"}
NAMED = {"person": Person, "system": System, "evidence_kind": EvidenceKind}
Row = dict[str, Any]


class Story:
    """What happened in a house, as lines of text to be compared with what was agreed."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.lines: list[str] = []
        self.heard = 0
        self.name_all()
        self.rows, _ = self._look()

    def name_all(self) -> "Story":
        """Learn the keys of whoever and whatever the record knows by now."""
        self.names = {table: {row.id: row.key for row in self.house.rows(model)} for table, model in NAMED.items()}
        return self

    def by(self, who: str, words: str, deed: Callable[[Act], Any]) -> "Story":
        """Somebody does something, or is refused."""
        outcome = ""
        try:
            with self.house.record.write() as session:
                deed(self.house.act_as(session, who))
        except HoshinError as error:
            outcome = f": refused ({error.reason if isinstance(error, Refused) else error})"
        return self.tell(f"{who} {words}{outcome}")

    def turn(self, day: str, *rules: Callable[..., Any], hour: int = 10) -> "Story":
        """The engine's rules run at an hour of a day in Tokyo; what they return is told, too."""
        self.house.now = tokyo(day, hour)
        said = []
        for rule in rules:
            with self.house.record.write() as session:
                of = () if rule.__name__ == "tick" else (self.house.cycle(session),)
                found = rule(session, *of, now=self.house.now, actor="hoshin")
                said.append(f"{rule.__name__} {_counts(found)}")
        return self.tell("; ".join(said))

    def tell(self, words: str) -> "Story":
        """Everything that is otherwise than it was when last told."""
        before, (self.rows, entries) = self.rows, self._look()
        self.lines += ["", f"{_text(self.house.now)} {words}"]
        self.lines += [f"  journal {entry}" for entry in entries]
        for place, row in self.rows.items():
            old = before.get(place)
            if old is None:
                shown = [f"{name}={_text(value)}" for name, value in row.items() if value not in (None, False, "")]
                self.lines.append(f"  new {place}: {' '.join(shown)}")
            elif changed := [name for name in row if row[name] != old[name]]:
                moves = [f"{name} {_text(old[name])} > {_text(row[name])}" for name in changed]
                self.lines.append(f"  {place}: {', '.join(moves)}")
        self.lines += [f"  gone {place}" for place in before if place not in self.rows]
        self._send()
        return self

    def _send(self) -> None:
        """Slack has whatever was written, so that all of it has to be rewritten when what it is about changes."""
        with self.house.record.write() as session:
            for row in session.exec(select(Delivery).where(Delivery.state == "queued")).all():
                sent = {"state": "sent", "channel": "D1", "ts": "1.0"}
                row.sqlmodel_update(sent)
                session.add(row)
                self.rows[f"delivery {row.key}"].update(sent)

    def _look(self) -> tuple[dict[str, Row], list[str]]:
        with self.house.record.read() as session:
            # Messages go by their keys: a message more must not give every later one another name.
            self.names["delivery"] = dict(session.exec(select(Delivery.id, Delivery.key)).all())
            rows = {place: row for table in TABLES for place, row in self._table(session, table)}
            entry = JournalEntry
            wanted = select(entry.seq, entry.body).where(col(entry.seq) > self.heard).order_by(col(entry.seq))
            new = session.exec(wanted).all()
            self.heard = max((seq for seq, _ in new), default=self.heard)
            return rows, [_entry(json.loads(body)) for _, body in new]

    def _table(self, session: Session, name: str) -> list[tuple[str, Row]]:
        table = SQLModel.metadata.tables[name]
        keys = list(table.primary_key.columns)
        found = []
        for row in session.execute(table.select().order_by(*keys)).mappings():
            shown = {column.name: self._named(column, row[column.name]) for column in table.columns}
            place = "/".join(str(shown[key.name]) for key in keys)
            if name.startswith("delivery"):
                place = (
                    shown["key"]
                    if name == "delivery"
                    else f"{shown['delivery_id']} {shown['subject']}/{shown['subject_id']}"
                )
            found.append((f"{name} {place}", {k: v for k, v in shown.items() if k not in LEFT_OUT}))
        return found

    def _named(self, column: Any, value: Any) -> Any:
        for key in column.foreign_keys:
            return self.names.get(key.column.table.name, {}).get(value, value)
        return value


def agreed(story: Story, path: Path, write: bool) -> None:
    """The story is the one that was agreed."""
    text = "\n".join(story.lines).strip() + "\n"
    if write:
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def _entry(body: Row) -> str:
    states = [f"{name} {_text(body[name])}" for name in ("before", "after") if body[name] is not None]
    return " ".join((body["actor"], body["action"], body["subject"], *states))


def _counts(found: Any) -> str:
    """What a rule says it did, without its zeros."""
    if not hasattr(found, "__dict__"):
        return str(found)
    return " ".join(f"{name}={value}" for name, value in vars(found).items() if value) or "nothing"


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_text(value[name])}" for name in sorted(value)) + "}"
    if isinstance(value, str) and len(value) == 64:
        return value[:8]
    return str(value)
