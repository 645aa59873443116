"""The floor: the same rows written by SQL that somebody wrote by hand for this one purpose, and nothing else.

It is given the cycle, its slots and the catalogue, and knows that evidence here is sound when it is in date: no watched
documents, no model versions, no acceptances, no lapses, no requests that settle. The rules may take twice its time.

The record promises that a bulk step stands in the journal with a digest of its rows, so reading and hashing what was written
is part of the work: the floor does it too, line for line as the rules do. Beside it the bench tells the ratio to the
writes alone.
"""

from datetime import date

from sqlalchemy import String, column, text
from sqlmodel import Session

from bench.places import seconds
from cycles import lines
from cycles.store import Record

_PLAN_SCOPE = """
INSERT INTO cycle_system (cycle_id, system_id, profile)
SELECT :cycle, id, profile FROM system WHERE NOT retired AND NOT is_organisation
"""
_PLAN = """
INSERT INTO request
  (cycle_id, system_id, kind_id, owner_id, assignee_id, state, ask_on, due, step, next_at, snoozes, disputed)
SELECT :cycle, w.system_id, w.kind_id, w.owner_id, w.owner_id, 'pending', slot.ask_on, slot.due, 0, slot.ask_at, 0, false
FROM (
  SELECT s.id AS system_id, r.kind_id, s.owner_id,
         p.country || '|' || p.zone || '|' || p.work_starts || '|' || p.work_ends AS calendar,
         row_number() OVER (PARTITION BY s.owner_id ORDER BY k.weight DESC, s.id, k.id) - 1 AS place,
         count(*) OVER (PARTITION BY s.owner_id) AS total
  FROM system s
  CROSS JOIN requirement r
  JOIN evidence_kind k ON k.id = r.kind_id
  JOIN person p ON p.id = s.owner_id
  WHERE NOT EXISTS (
    SELECT 1 FROM evidence e JOIN verdict v ON v.evidence_id = e.id
    WHERE e.system_id = s.id AND e.kind_id = r.kind_id AND v.outcome = 'accepted' AND e.valid_until >= :ends)
) w
JOIN (SELECT calendar, count(*) AS days FROM slot WHERE cycle_id = :cycle GROUP BY calendar) d ON d.calendar = w.calendar
JOIN slot ON slot.cycle_id = :cycle AND slot.calendar = w.calendar AND slot.number =
  CASE WHEN w.total > d.days * 4 THEN w.place * d.days / w.total ELSE w.place / 4 END
ORDER BY slot.ask_at, w.owner_id, w.place
"""
_STANDINGS = """
INSERT INTO standing (cycle_id, system_id, kind_id, status, evidence_id, valid_until, changed_at)
SELECT :cycle, c.system_id, r.kind_id, CASE WHEN e.id IS NULL THEN 'missing' ELSE 'valid' END, e.id, e.valid_until, :now
FROM cycle_system c
CROSS JOIN requirement r
LEFT JOIN (
  SELECT e.* FROM evidence e JOIN verdict v ON v.evidence_id = e.id WHERE v.outcome = 'accepted' AND e.valid_until >= :day
) e ON e.system_id = c.system_id AND e.kind_id = r.kind_id
WHERE c.cycle_id = :cycle
"""
_ASSESSMENTS = """
INSERT INTO assessment (cycle_id, system_id, control_id, result, reason, valid_until, changed_at)
SELECT :cycle, s.system_id, r.control_id, CASE s.status WHEN 'valid' THEN 'satisfied' ELSE 'not-satisfied' END,
       s.status, s.valid_until, :now
FROM standing s JOIN requirement r ON r.kind_id = s.kind_id
WHERE s.cycle_id = :cycle
"""


# What the journal stands for: each row as a line of canonical JSON. `{fill}` is the database's own printf.
_ASKED = """
SELECT {fill}('["%s","%s",%s,"%s"]', s.key, k.key, r.owner_id, r.due)
FROM request r JOIN system s ON s.id = r.system_id JOIN evidence_kind k ON k.id = r.kind_id
WHERE r.cycle_id = :cycle ORDER BY r.id
"""
_RESULTS = """
SELECT {fill}('["%s","%s","%s","%s","%s",%s]', s.key, f.key, c.key, a.result, a.reason,
              CASE WHEN a.valid_until IS NULL THEN 'null' ELSE '"' || a.valid_until || '"' END)
FROM system s
LEFT JOIN assessment a ON a.system_id = s.id AND a.cycle_id = :cycle
LEFT JOIN control c ON c.id = a.control_id
LEFT JOIN framework f ON f.id = c.framework_id
WHERE coalesce(a.control_id, 0) <> 0
ORDER BY s.key, f.key, c.position
"""
# What a check has to find: the pairs that stand otherwise than the record says.
_CHANGED = """
SELECT count(*) FROM (
  SELECT c.system_id, r.kind_id, CASE WHEN e.id IS NULL THEN 'missing' ELSE 'valid' END AS status, e.id AS evidence_id
  FROM cycle_system c
  CROSS JOIN requirement r
  LEFT JOIN (
    SELECT e.* FROM evidence e JOIN verdict v ON v.evidence_id = e.id
    WHERE v.outcome = 'accepted' AND e.valid_until >= :day
  ) e ON e.system_id = c.system_id AND e.kind_id = r.kind_id
  WHERE c.cycle_id = :cycle
) n
LEFT JOIN standing s ON s.cycle_id = :cycle AND s.system_id = n.system_id AND s.kind_id = n.kind_id
WHERE s.status IS NULL OR s.status <> n.status OR coalesce(s.evidence_id, 0) <> coalesce(n.evidence_id, 0)
"""


def plan_floor(record: Record, cycle: int, ends: date) -> float:
    """Write the scope and the requests of a cycle that has its slots, and hash them; gives the seconds of the hashing."""
    with record.write() as session:
        session.execute(text(_PLAN_SCOPE), {"cycle": cycle})
        session.execute(text(_PLAN), {"cycle": cycle, "ends": _day(record, ends)})
        return _hash(record, session, _ASKED, cycle)


def check_floor(record: Record, cycle: int, day: date, now: str) -> float:
    """Write the standing of each pair and the result of each control, and hash these; gives the seconds of the hashing."""
    with record.write() as session:
        session.execute(text(_STANDINGS), {"cycle": cycle, "day": _day(record, day), "now": now})
        session.execute(text(_ASSESSMENTS), {"cycle": cycle, "now": now})
        return _hash(record, session, _RESULTS, cycle)


def changed_floor(record: Record, cycle: int, day: date) -> int:
    """Count the pairs that stand otherwise than the record says: nothing can be rewritten before these are found."""
    with record.read() as session:
        return int(session.execute(text(_CHANGED), {"cycle": cycle, "day": _day(record, day)}).scalar_one())


def _hash(record: Record, session: Session, lines_of: str, cycle: int) -> float:
    fill = "format" if session.get_bind().dialect.name == "postgresql" else "printf"
    # As a SELECT with a column: SQLAlchemy fetches bare text from PostgreSQL whole, however it is told.
    wanted = text(lines_of.format(fill=fill)).bindparams(cycle=cycle).columns(column("line", String))
    return seconds(lambda: lines.digest_of_lines(session, wanted), record)


def _day(record: Record, day: date) -> date | str:
    return day.isoformat() if record.engine.dialect.name == "sqlite" else day
