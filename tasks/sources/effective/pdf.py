"""Dates in PDF documents, read by a child process that can be stopped and cannot take all memory.

A crafted PDF can keep any reader busy for ever, and a thread cannot be stopped.
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import IO

from tasks.sources.effective.text import dated_line, read_date

_CHILD = Path(__file__).with_name("pdf_child.py")
_SECONDS = 10.0


def _said(stream: IO[bytes], seconds: float) -> tuple[dict[str, str], str]:
    """The properties and text the child wrote, also when it was stopped half-way."""
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(_CHILD)],
            stdin=stream,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=min(seconds, _SECONDS),
            check=False,
        ).stdout
    except subprocess.TimeoutExpired as stopped:
        done = stopped.stdout or b""
    except OSError:
        done = b""
    return _understood(done)


def _understood(output: bytes) -> tuple[dict[str, str], str]:
    properties, text = {}, ""
    for line in output.splitlines():
        try:
            value = json.loads(line)
        except ValueError:
            break
        if isinstance(value, dict):
            properties = value
        elif isinstance(value, str):
            text = value
    return properties, text


def pdf_date(text: str) -> date | None:
    """The day of a PDF date ``D:YYYYMMDDHHmmSS+09'00'``, as its writer's calendar had it (ISO 32000 §7.9.4)."""
    digits = text.strip().removeprefix("D:")[:8]
    if len(digits) == 8 and digits.isascii() and digits.isdigit():
        return read_date(f"{digits[:4]}-{digits[4:6]}-{digits[6:]}")
    return read_date(text)


def in_pdf(stream: IO[bytes], seconds: float) -> date | None:
    """An "EffectiveDate" property, else a dated line on the first page, else the last change, else the making."""
    properties, text = _said(stream, seconds)
    named = {key.lstrip("/").replace(" ", "").lower(): str(value) for key, value in properties.items()}
    return (
        pdf_date(named.get("effectivedate", ""))
        or dated_line(text.splitlines())
        or pdf_date(named.get("moddate", ""))
        or pdf_date(named.get("creationdate", ""))
    )
