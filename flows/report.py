"""Reports as plain values, for Prefect's results and for `--json`."""

from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any


def plain(value: Any) -> Any:
    """Dataclasses as mappings, dates as ISO 8601, tuples as lists; anything else as it is."""
    if is_dataclass(value) and not isinstance(value, type):
        return {part.name: plain(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, dict):
        return {str(name): plain(held) for name, held in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(held) for held in value]
    if isinstance(value, date):
        return value.isoformat()
    return value


def mapping(value: Any) -> dict[str, Any]:
    """A dataclass or mapping as plain values."""
    return dict(plain(value))
