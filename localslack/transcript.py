"""The witness: one JSON line for everything people saw or did, flushed before anything else happens."""

import json
from pathlib import Path
from typing import Any, TextIO


class Transcript:
    """Keeps every entry in memory (``rows`` is shared with the state) and appends it to a file when given."""

    def __init__(self, rows: list[dict[str, Any]], path: Path | None = None) -> None:
        self.rows = rows
        self._file: TextIO | None = path.open("a", encoding="utf-8") if path else None

    def write(self, entry: dict[str, Any]) -> None:
        """Record one event. The line reaches the operating system before this returns."""
        entry = {"seq": len(self.rows) + 1, **json.loads(json.dumps(entry))}
        self.rows.append(entry)
        if self._file:
            self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()
            self._file = None
