"""`hoshin doctor` looks at one specimen of every message and form: all are there, in both languages, and fit to be sent."""

import pytest

from tasks import modals
from tasks.blocks import problems
from tasks.messages import MESSAGES
from tasks.specimens import LANGUAGES, specimens


@pytest.mark.parametrize("locale", LANGUAGES)
def test_every_message_and_form_has_a_specimen_that_may_be_sent(locale: str) -> None:
    found = {specimen.name: specimen.render() for specimen in specimens(locale)}
    forms = {f"form {name}" for name in modals.__all__ if name not in ("WrongAnswers", "read_values")}
    answers = {f"answer {name}" for name in ("status", "RequestReport", "ActionReport", "SystemReport")}
    assert set(found) == {*MESSAGES, *forms, *answers, "home"}
    assert {name: problems(payload) for name, payload in found.items() if problems(payload)} == {}
