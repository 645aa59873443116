"""A folder for PYTHONPATH: the processes it is given to start and end sooner (`sitecustomize`)."""

import os


def path(before: str | None) -> str:
    """PYTHONPATH with this folder before what was there."""
    return os.pathsep.join(part for part in (os.path.dirname(__file__), before) if part)
