"""All samples together, rendered once for all tests that look at them."""

from functools import cache
from typing import Any

from message_answers import answers
from message_samples import briefs
from message_views import views

from tasks.messages import render


@cache
def shown(locale: str, style: str) -> dict[str, dict[str, Any]]:
    """Every message, form, home and answer in one language and filling. Copy what you change."""
    told = {name: render(brief) for name, brief in briefs(locale, style).items()}
    return told | views(locale, style) | answers(locale, style)
