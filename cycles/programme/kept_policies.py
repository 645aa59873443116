"""A policy changed while a cycle is under way: the cycle keeps the one it was planned with."""

from sqlmodel import Session

from cycles.models import Cycle
from cycles.people import current_policy
from cycles.programme.changes import Changes
from cycles.programme_cycles import open_cycles, planned_cycles


def kept(session: Session, changes: Changes) -> str | None:
    """What to tell whoever changed the policy; None when it did not change, or no cycle keeps another one."""
    if "policy" not in changes.changed.get("settings", ()):
        return None
    now = current_policy(session).model_dump(mode="json")
    keep = [cycle.key for cycle in (*planned_cycles(session), *open_cycles(session)) if _differs(cycle, now)]
    if not keep:
        return None
    own = "keeps its own" if len(keep) == 1 else "keep their own"
    return f"policy changed; applies from the next cycle, {' and '.join(sorted(keep))} {own}."


def _differs(cycle: Cycle, policy: dict[str, object]) -> bool:
    return cycle.policy != policy
