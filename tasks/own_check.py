"""Whether a programme's own words (white label) can be said: found before anybody is messaged, naming file and line.

Every fragment and sentence of the folder is looked at, also those that few messages need; then every message and form is
written once. `hoshin sync` and `hoshin doctor` ask.
"""

from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, TemplateSyntaxError, meta, nodes

from cycles.errors import BadInput
from tasks.blocks import problems
from tasks.own_words import misfilled, read_own, strict
from tasks.specimens import specimens
from tasks.words import LANGUAGES, PACKAGE, parser

SHOWN = 3
# What Jinja's own sentences call, and what every template knows.
GLOBALS = {"gettext", "ngettext", "_", "language", "range", "dict", "lipsum", "cycler", "joiner", "namespace"}


def check(folder: Path | None) -> None:
    """Nothing, when all is well or there is no folder.

    Raises:
        BadInput: naming the first faults, each with file and line.
    """
    found = faults(folder) if folder else []
    if found:
        more = f" And {len(found) - SHOWN} more." if len(found) > SHOWN else ""
        raise BadInput(" ".join(found[:SHOWN]) + more)


def faults(folder: Path) -> list[str]:
    """One sentence for each fault of the folder's `*.j2` and `*.po`; empty means that all can be said."""
    if not folder.is_dir():
        return [f"{folder}: there is no such folder. Make it, or unset HOSHIN_TEMPLATES."]
    environment = parser()
    found = [fault for path in sorted(folder.glob("*.j2")) for fault in _of_template(environment, path)]
    found += [fault for path in sorted(folder.glob("*.po")) for fault in _of_catalogue(path)]
    return found or list(dict.fromkeys(_written(folder)))


def _of_template(environment: Environment, path: Path) -> Iterator[str]:
    shipped = files(PACKAGE) / "slack" / path.name
    if not shipped.is_file():
        yield f"{path}:1: Hoshin has no template of this name. Call it like the one whose fragments it redefines."
        return
    try:
        text = path.read_text(encoding="utf-8")
        environment.compile(text)  # sees filters that do not exist, which parsing does not
        own = _fragments(environment, text)
    except TemplateSyntaxError as error:
        yield f"{path}:{error.lineno}: {str(error.message).rstrip('.')}. Mend the template."
        return
    except (OSError, ValueError) as error:
        yield f"{path}:1: cannot be read ({error}). Save it in UTF-8."
        return
    ours = _shipped(environment, path.name)
    for name, block in own.items():
        if name not in ours:
            yield f"{path}:{block.lineno}: no fragment is called {name}. There are: {', '.join(sorted(ours))}."
        else:
            yield from _of_fragment(path, block, ours[name])


@lru_cache
def _shipped(environment: Environment, name: str) -> dict[str, nodes.Block]:
    return _fragments(environment, (files(PACKAGE) / "slack" / name).read_text(encoding="utf-8"))


def _fragments(environment: Environment, text: str) -> dict[str, nodes.Block]:
    return {block.name: block for block in environment.parse(text).find_all(nodes.Block)}


def _of_fragment(path: Path, own: nodes.Block, ours: nodes.Block) -> Iterator[str]:
    offered = _wanted(ours)
    for name in sorted(_wanted(own) - offered):
        line = next((use.lineno for use in own.find_all(nodes.Name) if use.name == name), own.lineno)
        known = f"It may use: {', '.join(sorted(offered))}." if offered else "It gets no values."
        yield f"{path}:{line}: fragment {own.name} uses {name}, which it does not get. {known}"


def _wanted(block: nodes.Block) -> set[str]:
    """The values a fragment takes from outside; the language is known to all."""
    return meta.find_undeclared_variables(nodes.Template(block.body, environment=block.environment)) - GLOBALS


def _of_catalogue(path: Path) -> Iterator[str]:
    if path.stem not in LANGUAGES:
        yield f"{path}:1: Hoshin speaks {' and '.join(LANGUAGES)}. Call the file {' or '.join(f'{one}.po' for one in LANGUAGES)}."
        return
    try:
        catalogue = read_own(path, path.stem)
    except BadInput as error:
        yield str(error)
        return
    for message in catalogue:
        wrong = misfilled(message) if message.id else None
        if wrong:
            yield f"{path}:{message.lineno}: {wrong} cannot be filled in. Use what the sentence itself has; write a per cent sign as %%."


def _written(folder: Path) -> Iterator[str]:
    with strict():
        for locale in LANGUAGES:
            for specimen in specimens(locale, templates=folder):
                try:
                    found = problems(specimen.render())
                except BadInput as error:
                    yield str(error)
                    continue
                for problem in found[:1]:
                    yield f"{folder}: {specimen.name} ({locale}) could not be sent: {problem}. Mend its template."
