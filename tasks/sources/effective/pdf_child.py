"""Run as a program: a PDF on standard input, its properties and first page's text out, one line of JSON each.

Stands alone, so that it starts fast and outside the package. Whatever goes wrong ends it without output.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import sys

MEMORY = 1 << 30  # bytes of address space
CPU = 10  # seconds
TEXT = 20_000  # characters


def bound() -> None:
    """Limit this process's memory and processor time, where the system can."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (CPU, CPU))


def say(value: object) -> None:
    """Write one line at once, so that it counts even if the next step never ends."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Read and say the properties, then the text."""
    bound()
    import pypdf

    logging.disable(logging.CRITICAL)
    reader = pypdf.PdfReader(io.BytesIO(sys.stdin.buffer.read()))
    say({str(key): str(value)[:200] for key, value in (reader.metadata or {}).items()})
    say(reader.pages[0].extract_text()[:TEXT])


if __name__ == "__main__":
    with contextlib.suppress(Exception):
        main()
