"""The dashboards an executive opens: a scorecard page, two tables and a progress figure, as Prefect artifacts.

Everything but `publish` is a pure function of a `Scorecard`. A new dashboard is one builder and one entry in
`DASHBOARDS`, with its title and description in templates/dashboards/words.yaml.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined

from cycles.scorecard import ActionRow, Scorecard, SystemRow, Text
from cycles.scorecard_figures import open_actions, worst_first
from tasks.charts import alt_text, data_uri, scorecard_svg
from tasks.charts.escaping import Markdown, escaped, image, link, sentence, shortened
from tasks.charts.figures import STAGES, control_words, headline, ring, ring_share, summary, system_tone
from tasks.charts.lines import (
    GOOD,
    OPEN,
    WATCH,
    WRONG,
    action_line,
    action_lines,
    action_status,
    cut,
    lapse_lines,
    needs,
)
from tasks.charts.words import LANGUAGES, Words, words_for

_SIGN = {"ok": GOOD, "warn": WATCH, "bad": WRONG, "none": OPEN}
_MOST_ROWS = 1_000  # of a table artifact, so that it stays far below the size Prefect's event feed refuses
_DEFINITIONS = ("in-control", "expiring", "waiting", "lapse", "new-recovered", "actions", "answer", "rings")

Cell = str | int
Row = dict[str, Cell]
Links = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """One artifact. `build` gives what its kind wants: markdown text, a list of rows, or a percentage (0–100)."""

    key: str
    kind: Literal["markdown", "table", "progress"]
    build: Callable[[Scorecard, str, Links], Any]
    describe: Callable[[Scorecard, str], str]

    @property
    def title(self) -> Text:
        return {language: words_for(language)(f"title-{self.key}") for language in LANGUAGES}


# --- the scorecard page ---------------------------------------------------------------------------------------------


def scorecard_markdown(card: Scorecard, *, language: str, links: Links) -> str:
    """The page as GFM: the picture, then what needs someone, with the tables people click. Always below 200 KB.

    `links` maps a dashboard key, or any short label, to an address. Raises ValueError for an address that is neither
    http(s) nor a path.
    """
    words = words_for(language)
    values = {
        "w": lambda key, **more: sentence(words(key, **more)),
        "image": image(alt_text(card, language=language), data_uri(scorecard_svg(card, language=language))),
        "needs": needs(card, words),
        "lapses": cut(lapse_lines(card, words)),
        "actions": cut(action_lines(card, words)),
        "links": [_titled(key, address, language) for key, address in links.items()],
        "as_of": words("as-of", moment=words.moment(card.as_of, card.zone), zone=card.zone),
        "definitions": _DEFINITIONS,
    }
    return _environment().get_template("scorecard.md.j2").render(values)


@cache
def _environment() -> Environment:
    # `finalize` escapes every value that is not already markdown: a forgotten filter cannot open a hole.
    return Environment(
        loader=PackageLoader("templates", "dashboards"),
        autoescape=False,  # noqa: S701  # the output is markdown; `finalize` does the escaping
        finalize=escaped,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )


def _titled(key: str, address: str, language: str) -> Markdown:
    board = DASHBOARDS.get(key)
    return link(board.title[words_for(language).language] if board else key, address)


# --- tables ---------------------------------------------------------------------------------------------------------


def systems_rows(card: Scorecard, language: str) -> list[Row]:
    """One row a system, worst first; a single explanatory row while none is in scope."""
    words = words_for(language)
    rows = [_system_row(each, words) for each in worst_first(card.systems)]
    return _table(rows, words("no-systems"), words, "col-system")


def _system_row(row: SystemRow, words: Words) -> Row:
    tally, tone = row.tally, system_tone(row)
    cells: dict[str, Cell] = {
        "status": f"{_SIGN[tone]} {words(_system_status(row, tone))}",
        "system": row.name or row.key,
        "owner": row.owner,
        "in-control": control_words(tally),
        "lapsed": tally.lapsed,
        "expiring": tally.expiring,
        "waiting": tally.waiting,
        "accepted": tally.accepted,
        "requests": row.open_requests,
        "overdue": row.overdue_requests,
        "actions": row.open_actions,
        "tier": words.maybe("tier", row.risk_tier),
        "roles": words("list-separator").join(words.maybe("role", role) for role in row.roles),
    }
    return _titled_cells(cells, words)


def _titled_cells(cells: Mapping[str, Cell], words: Words) -> Row:
    """Cells under their column titles. Prefect shows them as plain text, so they need no escaping, only one clean line."""
    return {words(f"col-{key}"): shortened(cell) if isinstance(cell, str) else cell for key, cell in cells.items()}


def _system_status(row: SystemRow, tone: str) -> str:
    if tone == "warn":
        return "status-overdue-requests" if row.overdue_requests else "expiring"
    if tone == "none":
        return "waiting" if row.tally.total else "status-nothing"
    return "lapsed" if tone == "bad" else "status-in-control"


def actions_rows(card: Scorecard, language: str) -> list[Row]:
    """One row an open action: overdue first, then by severity and due date; one explanatory row when none is open."""
    words = words_for(language)
    return _table([_action_row(each, words) for each in open_actions(card)], words("no-actions"), words, "col-action")


def _action_row(action: ActionRow, words: Words) -> Row:
    line = action_line(action, words)
    status = words(f"status-{action_status(action)}")
    cells: dict[str, Cell] = {
        "status": f"{line['sign']} {status}",
        "action": f"#{action.action_id}",
        "system": line["system"],
        "what": line["what"],
        "severity": line["severity"],
        "state": line["state"],
        "owner": line["owner"],
        "due": action.due.isoformat(),
        "relapses": action.relapses,
    }
    return _titled_cells(cells, words)


def _table(rows: list[Row], nothing: str, words: Words, column: str) -> list[Row]:
    if not rows:
        return [{words("col-status"): GOOD, words(column): nothing}]
    shown = rows[:_MOST_ROWS]
    if len(rows) > len(shown):
        more = words("more-rows", n=words.count(len(rows) - len(shown)))
        last: Row = dict.fromkeys(rows[0], "")
        shown.append(last | {words(column): more})
    return shown


# --- progress and the registry --------------------------------------------------------------------------------------


def cycle_progress(card: Scorecard) -> float:
    """How far the wheel has turned, in percent (0–100): the mean of the four stages; 100 once the cycle is closed."""
    if card.stage == "closed":
        return 100.0
    return round(100 * sum(ring_share(ring(card, stage)) for stage in STAGES) / len(STAGES), 1)


def cycle_description(card: Scorecard, language: str) -> str:
    """`FY2026-Q3: Check · workday 41 of 62 · closes 25 Dec 2026 (Plan 96/96, Do 81/96, …)`."""
    words = words_for(language)
    turned = [(words(f"stage-{stage}"), ring(card, stage)) for stage in STAGES]
    rings = words("list-separator").join(
        f"{name} {words.count(found.done)}/{words.count(found.of)}" if found else f"{name} –" for name, found in turned
    )
    said = words("about-hoshin-cycle", cycle=shortened(card.cycle), headline=headline(card, words), rings=rings)
    return sentence(said)


def _about(key: str, counted: Callable[[Scorecard], int]) -> Callable[[Scorecard, str], str]:
    def describe(card: Scorecard, language: str) -> str:
        words = words_for(language)
        figures = summary(card, words) | {"cycle": shortened(card.cycle), "n": words.count(counted(card))}
        return sentence(words(f"about-{key}", **figures))

    return describe


def _scorecard_page(card: Scorecard, language: str, links: Links) -> str:
    # The page does not list itself among the pages to look at next.
    others = {key: address for key, address in links.items() if key != "hoshin-scorecard"}
    return scorecard_markdown(card, language=language, links=others)


_BOARDS = (
    Dashboard(
        key="hoshin-scorecard",
        kind="markdown",
        build=_scorecard_page,
        describe=_about("hoshin-scorecard", lambda card: len(card.systems)),
    ),
    Dashboard(
        key="hoshin-systems",
        kind="table",
        build=lambda card, language, links: systems_rows(card, language),
        describe=_about("hoshin-systems", lambda card: len(card.systems)),
    ),
    Dashboard(
        key="hoshin-actions",
        kind="table",
        build=lambda card, language, links: actions_rows(card, language),
        describe=_about("hoshin-actions", lambda card: len(open_actions(card))),
    ),
    Dashboard(
        key="hoshin-cycle",
        kind="progress",
        build=lambda card, language, links: cycle_progress(card),
        describe=cycle_description,
    ),
)
DASHBOARDS: dict[str, Dashboard] = {board.key: board for board in _BOARDS}


async def publish(card: Scorecard, *, language: str, links: Links) -> dict[str, str]:
    """Creates every dashboard as an artifact of the running flow; returns the artifact id of each key.

    Prefect is imported here and not above: the command line reads these figures without its seconds of start-up.
    """
    from prefect.artifacts import acreate_markdown_artifact, acreate_progress_artifact, acreate_table_artifact

    made: dict[str, str] = {}
    for key, board in DASHBOARDS.items():
        content, about = board.build(card, language, links), board.describe(card, language)
        if board.kind == "markdown":
            artifact = await acreate_markdown_artifact(markdown=content, key=key, description=about)
        elif board.kind == "table":
            artifact = await acreate_table_artifact(table=content, key=key, description=about)
        else:
            artifact = await acreate_progress_artifact(progress=content, key=key, description=about)
        made[key] = str(artifact)
    return made
