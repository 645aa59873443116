"""Reading YAML and CSV so that every complaint can name its file and line, and no file can hurt the reader."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from cycles.errors import BadInput

MAX_BYTES = 10 * 1024 * 1024
MAX_DEPTH = 40
# What PyYAML lets through of Python's own when an escape or a number makes no sense.
UNREADABLE = (yaml.YAMLError, ValueError, ArithmeticError, LookupError, RecursionError)
Place = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


@dataclass
class Problems:
    """Complaints gathered over all files, so that one run names them all."""

    found: list[str] = field(default_factory=list)

    def add(self, where: str, what: str) -> None:
        self.found.append(f"{where}: {what}")

    def raise_if_any(self) -> None:
        if self.found:
            shown = self.found[:20]
            more = [f"… and {len(self.found) - 20} more"] if len(self.found) > 20 else []
            raise BadInput("\n".join([*shown, *more]))


@dataclass(frozen=True)
class Located:
    """A file's content with the line each part stands on."""

    path: Path
    value: Any
    lines: dict[Place, int]

    def where(self, place: Place = ()) -> str:
        """`file:line` of a part; of the nearest enclosing part when the part itself is absent."""
        while place and place not in self.lines:
            place = place[:-1]
        return f"{self.path}:{self.lines.get(place, 1)}"


class _Loader(yaml.SafeLoader):
    """Plain values only: no anchors or aliases (a small file can unfold into gigabytes), no dates guessed."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="uses an alias (*name); write the value out instead", problem_mark=mark)
        self._depth = getattr(self, "_depth", 0) + 1
        if self._depth > MAX_DEPTH:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem=f"is nested deeper than {MAX_DEPTH} levels", problem_mark=mark)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


# Dates stay text until the field that wants one reads it: only that field can say which date is wrong. And only `true`
# and `false` are truth values: YAML 1.1 would also take the key `on` and Norway's `NO` for one.
_OWN_WORDS = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool")
_Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if tag not in _OWN_WORDS]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), ["t", "f"])


def read_yaml(path: Path) -> Located:
    """Read one YAML file.

    Raises:
        BadInput: when it cannot be read, is too large, or is not plain YAML; names file, line and remedy.
    """
    text = _text(path)
    lines: dict[Place, int] = {}
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        value = _build(loader, node, (), lines) if node else None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadInput(f"{path}:{line}: {error.problem}") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise BadInput(f"{path}:{line}: holds a character that is not text ({error.reason}). Remove it.") from error
    except UNREADABLE as error:
        raise BadInput(f"{path}:1: is not readable as YAML ({str(error).splitlines()[0]}). Mend it.") from error
    return Located(path=path, value=value, lines=lines)


def read_csv(path: Path) -> Located:
    """Read a CSV file with a header line into a list of mappings; empty cells are left out."""
    text = _text(path)
    rows: list[dict[str, str]] = []
    lines: dict[Place, int] = {}
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        _check_header(path, reader.fieldnames)
        for row in reader:
            if None in row or None in row.values():
                raise BadInput(f"{path}:{reader.line_num}: has another number of cells than the header. Quote commas.")
            lines[(len(rows),)] = reader.line_num
            rows.append({str(name).strip(): cell.strip() for name, cell in row.items() if cell and cell.strip()})
    except csv.Error as error:
        raise BadInput(
            f"{path}:{reader.reader.line_num}: is not readable as CSV ({error}). Mend the quoting."
        ) from error
    return Located(path=path, value=rows, lines=lines)


def _check_header(path: Path, names: Sequence[str] | None) -> None:
    if not names:
        raise BadInput(f"{path}:1: has no header line. Name the columns in the first line.")
    seen: set[str] = set()
    for name in (name.strip() for name in names):
        if name in seen:
            raise BadInput(f"{path}:1: names the column '{name}' twice. Keep one.")
        seen.add(name)


def check(model: type[Model], at: Located, place: Place, value: Any, problems: Problems) -> Model | None:
    """Validate one part of a file; complaints go to `problems` with the line they belong to."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        for complaint in error.errors(include_url=False):
            spot = (*place, *(part for part in complaint["loc"] if part not in ("[key]", "function-before")))
            problems.add(at.where(spot), _sentence(complaint, spot[len(place) :]))
        return None


def _sentence(complaint: Any, spot: Place) -> str:
    name = ".".join(str(part) for part in spot) or "this entry"
    kind, given = complaint["type"], complaint.get("input")
    if kind == "extra_forbidden":
        return f"'{name}' is not a field here. Remove it or correct its spelling."
    if kind == "missing":
        return f"'{name}' is missing. Add it."
    shown = f" (found {str(given)[:60]!r})" if isinstance(given, (str, int, float)) else ""
    return f"'{name}': {complaint['msg'].removeprefix('Value error, ')}{shown}."


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadInput(f"{path}:1: cannot be read ({error.strerror}).") from error
    if len(raw) > MAX_BYTES:
        line = raw.count(b"\n") + 1
        raise BadInput(
            f"{path}:{line}: is larger than {MAX_BYTES // 1024 // 1024} MB at this line. "
            "Split it or remove what is not an entry of the programme."
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BadInput(f"{path}:{line}: is not UTF-8 text. Save it as UTF-8.") from error


_PLAIN_TAGS = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")


def _build(loader: _Loader, node: yaml.Node, place: Place, lines: dict[Place, int]) -> Any:
    lines[place] = node.start_mark.line + 1
    if not isinstance(node, yaml.ScalarNode) and node.tag not in _PLAIN_TAGS:
        raise _tagged(node)
    if isinstance(node, yaml.MappingNode):
        return dict(_pairs(loader, node, place, lines))
    if isinstance(node, yaml.SequenceNode):
        return [_build(loader, child, (*place, index), lines) for index, child in enumerate(node.value)]
    return _scalar(loader, node)


def _pairs(loader: _Loader, node: yaml.MappingNode, place: Place, lines: dict[Place, int]) -> Iterator[tuple[Any, Any]]:
    seen: set[Any] = set()
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise yaml.MarkedYAMLError(problem="has a key that is not plain text", problem_mark=key_node.start_mark)
        key = _scalar(loader, key_node)
        if key in seen:
            raise yaml.MarkedYAMLError(problem=f"says '{key}' twice; keep one", problem_mark=key_node.start_mark)
        seen.add(key)
        yield key, _build(loader, value_node, (*place, key), lines)
        lines[(*place, key)] = key_node.start_mark.line + 1


def _scalar(loader: _Loader, node: yaml.Node) -> Any:
    constructors: dict[str, Callable[[Any], Any]] = {
        "tag:yaml.org,2002:str": lambda n: str(n.value),
        "tag:yaml.org,2002:int": loader.construct_yaml_int,
        "tag:yaml.org,2002:float": loader.construct_yaml_float,
        "tag:yaml.org,2002:bool": loader.construct_yaml_bool,
        "tag:yaml.org,2002:null": lambda _: None,
    }
    construct = constructors.get(node.tag)
    if construct is None:
        raise _tagged(node)
    try:
        return construct(node)
    except UNREADABLE as error:
        problem = f"'{str(node.value)[:60]}' is not the value its tag or spelling says; write a plain value"
        raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark) from error


def _tagged(node: yaml.Node) -> yaml.MarkedYAMLError:
    problem = f"carries the tag {node.tag}; write a plain value"
    return yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
