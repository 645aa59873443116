"""A programme's own words while messages are written: what fails is left aside, said once, and ours stand in its place.

Nobody goes without a prompt because a template was mistyped; `tasks.own_check` finds the mistake before that.
"""

import gettext
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from types import CodeType

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from jinja2 import BytecodeCache, Template, TemplateError, TemplateSyntaxError
from jinja2.bccache import Bucket

from cycles.errors import BadInput

# Babel takes off what it believes to be quotation marks without looking: each line is looked at before.
PO_LINE = re.compile(r'\s*(#.*|((msgctxt|msgid|msgid_plural|msgstr(\[\d\])?)\s+)?"(\\.|[^"\\])*"\s*)?')
HOLE = re.compile(r"%\((\w+)\)s")
log = logging.getLogger(__name__)
_strict: ContextVar[bool] = ContextVar("strict", default=False)
# Whatever a template can raise: Jinja's own errors, those of the values it works on, and an unreadable file (UTF-8: ValueError).
FAILS = (TemplateError, TypeError, KeyError, ValueError, AttributeError, ArithmeticError, LookupError, OSError)


class Compiled(BytecodeCache):
    """What templates were compiled to, so that a programme's own folder does not have all of ours compiled again."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self.kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self.kept[bucket.key, bucket.checksum] = bucket.code


@lru_cache
def compiled(language: str) -> Compiled:
    """By language, because compiling writes constants the way the language does."""
    return Compiled()


@contextmanager
def strict() -> Iterator[None]:
    """Within, a programme's own words that fail raise BadInput instead of being replaced by ours."""
    token = _strict.set(True)
    try:
        yield
    finally:
        _strict.reset(token)


def is_strict() -> bool:
    return _strict.get()


@lru_cache(maxsize=1000)
def left_aside(trouble: str) -> None:
    """Logs once a process what is wrong with the programme's own words."""
    log.warning("%s Hoshin's own words are used instead.", trouble)


def line_of(error: BaseException, template: Template | None) -> int | None:
    """The line of the template that an error came from."""
    if isinstance(error, TemplateSyntaxError):
        return error.lineno
    found, step = None, error.__traceback__
    while step is not None and template is not None:
        if step.tb_frame.f_code.co_filename == template.filename:
            found = template.get_corresponding_lineno(step.tb_lineno)
        step = step.tb_next
    return found


def read_own(path: Path, language: str) -> Catalog:
    """A programme's own translations.

    Raises:
        BadInput: when the file cannot be read, naming it and the line.
    """
    try:
        text = path.read_text(encoding="utf-8")
        for number, line in enumerate(text.splitlines(), 1):
            if not PO_LINE.fullmatch(line):
                raise BadInput(f'{path}:{number}: {line.strip()[:60]} is no line of a .po file. Write keyword "text".')
        return read_po(BytesIO(text.encode()), locale=language, domain="hoshin", abort_invalid=True)
    except PoFileError as error:
        raise BadInput(f"{path}:{error.lineno + 1}: {error}. Write msgid and msgstr in turn.") from error
    except (OSError, ValueError) as error:
        raise BadInput(f"{path}:1: cannot be read ({error}). Save it as a .po file in UTF-8.") from error


def misfilled(message: Message) -> str | None:
    """What a translation asks for and its sentence does not offer, such as `%(nobody)s` or a lone %; None: it is sound."""
    offered = {name for one in _each(message.id) for name in HOLE.findall(one)}
    for one in _each(message.string):
        strange = next((name for name in HOLE.findall(one) if name not in offered), None)
        if strange:
            return f"%({strange})s"
        if "%" in HOLE.sub("", one).replace("%%", ""):
            return "a lone %"
    return None


def _each(words: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    """Singular and plural alike."""
    return (words,) if isinstance(words, str) else tuple(words or ())


def with_own(shipped: gettext.NullTranslations, language: str, folder: Path | None) -> gettext.NullTranslations:
    """The shipped sentences under those of the programme's own `<language>.po`, where these can be read and filled in."""
    path = folder / f"{language}.po" if folder else None
    if path is None or not path.is_file():
        return shipped
    try:
        catalogue = read_own(path, language)
    except BadInput as error:
        left_aside(str(error))
        return shipped
    for message in [message for message in catalogue if message.id and misfilled(message)]:
        left_aside(f"{path}:{message.lineno}: {misfilled(message)} cannot be filled in.")
        catalogue.delete(message.id, message.context)
    target = BytesIO()
    write_mo(target, catalogue)
    target.seek(0)
    own = gettext.GNUTranslations(target)
    own.add_fallback(shipped)
    return own
