"""What a sync changes, and changing only what differs."""

from dataclasses import dataclass, field
from typing import Any

from sqlmodel import SQLModel

NAMES_SHOWN = 50


@dataclass
class Changes:
    """What a sync changed: for each sort of entry, the keys added, changed and removed."""

    added: dict[str, list[str]] = field(default_factory=dict)
    changed: dict[str, list[str]] = field(default_factory=dict)
    removed: dict[str, list[str]] = field(default_factory=dict)

    def note(self, how: str, sort: str, key: str) -> None:
        getattr(self, how).setdefault(sort, []).append(key)

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)

    def summary(self) -> dict[str, Any]:
        """Counts, and names where they are few; what the journal keeps."""
        return {
            how: {
                sort: {"count": len(keys), "keys": sorted(keys)[:NAMES_SHOWN]} for sort, keys in sorted(found.items())
            }
            for how in ("added", "changed", "removed")
            if (found := getattr(self, how))
        }


def update(row: SQLModel, values: dict[str, Any]) -> bool:
    """Set what differs; True when anything did."""
    differing = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in differing.items():
        setattr(row, name, value)
    return bool(differing)
