"""White label: a programme's own words stand over ours, a mistake is named with file and line, and nobody goes without a prompt."""

import logging
import re
from pathlib import Path

import pytest
from judges import judge
from message_samples import briefs

from cycles.errors import BadInput
from tasks import modals, own_words
from tasks.messages import as_text, render
from tasks.own_check import check, faults
from tasks.own_words import strict

HELLO = """{# Ours, friendlier. #}
{% block title %}{% trans n=count %}Ahoy! {{ cycle }} asks you one thing{% pluralize %}Ahoy! {{ cycle }} asks you {{ n }} things{% endtrans %}{% endblock %}
"""
JA = """msgid "Ahoy! %(cycle)s asks you one thing"
msgid_plural "Ahoy! %(cycle)s asks you %(n)s things"
msgstr[0] "%(cycle)s：お願いが%(n)s件あります"

msgid "Still true"
msgstr "変更なし"
"""


def write(folder: Path, **named: str) -> Path:
    for name, text in named.items():
        kind = "po" if name in ("en", "ja") else "j2"
        (folder / f"{name}.{kind}").write_text(text, "utf-8")
    return folder


@pytest.fixture(autouse=True)
def _said_anew() -> None:
    own_words.left_aside.cache_clear()


def test_an_own_template_with_its_own_translation_is_what_people_read(tmp_path: Path) -> None:
    own = write(tmp_path, digest=HELLO, ja=JA)
    check(own)
    told = {locale: render(briefs(locale)["digest-one"], templates=own) for locale in ("en", "ja")}
    assert "# Ahoy! FY2026-Q3 asks you one thing" in as_text(told["en"])
    assert "# FY2026-Q3：お願いが1件あります" in as_text(told["ja"])
    assert "変更なし" in as_text(told["ja"])
    assert [judge(payload) for payload in told.values()] == [[], []]
    shipped = render(briefs("ja")["digest-one"])
    assert told["ja"]["text"] == shipped["text"]
    assert len(told["ja"]["blocks"]) == len(shipped["blocks"])


WRONG = {
    "a value it does not get": ({"digest": "\n\n{% block title %}\n{{ nobody }}{% endblock %}"}, "digest.j2:4", "nobody"),
    "in a branch that few messages take": (
        {"digest": "{% block title %}{{ cycle }}: {% if count > 900 %}\n{{ nobody }}{% endif %}{% endblock %}"}, "digest.j2:2", "nobody"),
    "a broken tag": ({"digest": "{% block title %}ok{% endblock %}\n{% block more %}{{ more"}, "digest.j2:2", "Mend"),
    "a fragment nobody knows": ({"digest": "{# x #}\n{% block titel %}x{% endblock %}"}, "digest.j2:2", "titel"),
    "a template nobody knows": ({"digset": "{% block title %}x{% endblock %}"}, "digset.j2:1", "no template of this name"),
    "a filter nobody knows": ({"digest": "{% block title %}\n{{ cycle|shout }}{% endblock %}"}, "digest.j2:2", "shout"),
    "what fails when it is said": ({"digest": "{% block title %}\n\n{{ 1 / 0 }}{% endblock %}"}, "digest.j2:3", "division"),
    "what may not be reached": (
        {"digest": "{% block title %}\n{{ ''.__class__.__mro__ }}{% endblock %}"}, "digest.j2:2", "unsafe"),
    "no words at all": ({"digest": "{% block title %}{% endblock %}"}, "digest (en)", "is empty"),
    "a translation that asks too much": (
        {"ja": 'msgid "Still true"\nmsgstr "%(nobody)s"\n'}, "ja.po:1", "%(nobody)s"),
    "a lone per cent sign": ({"ja": '\n\nmsgid "Still true"\nmsgstr "100% です"\n'}, "ja.po:3", "lone %"),
    "no catalogue": ({"ja": 'msgid "Still true"\nmsgstr oops\n'}, "ja.po:", "po"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_named_with_file_and_line_and_ours_is_said_instead(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    written, place, said = WRONG[name]
    own = write(tmp_path, **written)
    with pytest.raises(BadInput) as caught:
        check(own)
    assert place in str(caught.value)
    assert said in str(caught.value)
    with caplog.at_level(logging.WARNING):
        for locale in ("en", "ja"):
            brief = briefs(locale)["digest-eight" if "few" in name else "digest-one"]
            assert render(brief, templates=own) == render(brief)
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == len(set(told))
    assert all(str(own) in line and "own words are used instead" in line for line in told)


def test_a_form_falls_back_too(tmp_path: Path) -> None:
    own = write(tmp_path, modals="{% block evidence_title %}{{ nobody }}{% endblock %}")
    brief = briefs("en")["digest-one"]
    item, reader = brief.items[0], brief.reader  # type: ignore[union-attr]
    assert modals.delegate(reader, item, templates=own) == modals.delegate(reader, item)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    assert "there is no such folder" in faults(tmp_path / "nowhere")[0]
    check(None)
    check(tmp_path)


def test_every_shipped_template_may_be_copied_and_kept(tmp_path: Path) -> None:
    """Copying is how an own template begins: ours must pass the check for own ones."""
    from tasks.wordbooks import folder

    for path in (folder() / "slack").glob("*.j2"):
        (tmp_path / path.name).write_text(path.read_text("utf-8"), "utf-8")
    assert faults(tmp_path) == []
    with strict():
        assert render(briefs("ja")["digest-one"], templates=tmp_path) == render(briefs("ja")["digest-one"])


def test_the_guides_examples_are_true(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "templates.md").read_text("utf-8")
    template, sentences = (re.findall(rf"```{kind}\n(.+?)```", guide, re.DOTALL)[0] for kind in ("jinja", "po"))
    own = write(tmp_path, digest=template, ja=sentences)
    assert faults(own) == []
    assert "変更なし" in as_text(render(briefs("ja")["digest-one"], templates=own))
    write(tmp_path, digest="{% block title %}\n{{ cycel }}{% endblock %}")
    assert faults(own)[0].removeprefix(str(own)) in guide
