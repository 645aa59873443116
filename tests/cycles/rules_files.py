"""A small programme as files: what people keep in git, with single files replaced where a test wants them wrong."""

from pathlib import Path

PEOPLE = """\
people:
  - {key: lead, name: Lead, email: lead@aozora.example, zone: Asia/Tokyo, country: JP, locale: ja}
  - {key: boss, name: Boss, email: boss@aozora.example, zone: Europe/London, country: GB}
  - key: owner
    name: Owner
    email: owner@aozora.example
    zone: Asia/Tokyo
    country: JP
    manager: boss
    deputy: stand-in
    leave:
      - {from: 2026-10-19, to: 2026-10-23}
  - {key: stand-in, name: Stand-in, email: standin@aozora.example, zone: America/New_York, country: US-NY, manager: boss}
  - {key: judge, name: Judge, email: judge@aozora.example, zone: Asia/Tokyo, country: JP}
"""
HEAD = """\
organisation: {name: Aozora, owner: lead}
zone: Asia/Tokyo
country: JP
fiscal_year_starts: april
frameworks: [jp-art13]
leads: [lead]
reviewers: [judge, boss]
"""
POLICY = """\
stages: {do: 11, check: 41, act: 51, close: 56}
closures: ["12-29/01-03"]
"""
SYSTEMS = """\
systems:
  - key: scoring
    name: Credit scoring
    owner: owner
    roles: [developer, provider]
    risk_tier: high
    model_version: "1.0"
    documents:
      - {kind: risk-assessment, at: documents/risk.md, reviewed: {on: 2026-06-01, by: judge, sha256: DIGEST}}
  - {key: chat, name: Chat, owner: owner, roles: [business-user], risk_tier: minimal, generative: true}
""".replace("DIGEST", "a" * 64)
FILES = {"people.yaml": PEOPLE, "programme.yaml": HEAD, "policy.yaml": POLICY, "systems.yaml": SYSTEMS}


def write(folder: Path, **files: str | bytes | None) -> Path:
    """The programme in a folder; `people=…` replaces people.yaml, `systems_csv=…` writes systems.csv, None removes."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    for name, content in files.items():
        path = folder / ("systems.csv" if name == "systems_csv" else f"{name}.yaml")
        if content is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def line_of(text: str, part: str) -> int:
    """The line on which a part of a text stands."""
    return text[: text.index(part)].count("\n") + 1


_BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{two}: &{two} [{','.join([f'*{one}'] * 9)}]\n" for one, two in zip("abcdefgh", "bcdefghi", strict=True)
)
# name: (file, what the whole of it says)
COMMAND_LINE_WRONG: dict[str, tuple[str, str | bytes]] = {
    "a wrong field": ("systems.yaml", SYSTEMS.replace("    risk_tier: high", "    risk_tier: high\n    colour: red")),
    "an unknown owner": ("systems.yaml", SYSTEMS.replace("    owner: owner", "    owner: nobody")),
    "a cycle in delegation": ("people.yaml", PEOPLE.replace("US-NY, ", "US-NY, deputy: owner, ")),
    "a duplicate key": ("systems.yaml", SYSTEMS.replace("key: chat", "key: scoring")),
    "a date that does not exist": ("systems.yaml", SYSTEMS.replace("2026-06-01", "2026-02-30")),
    "a YAML bomb": ("systems.yaml", _BOMB),
    "a control character": ("systems.yaml", "systems: []\n# \x07\n"),
    "not UTF-8": ("people.yaml", PEOPLE.replace("Boss", "Chefköchin").encode("latin-1")),
    "fifty megabytes": ("systems.csv", "key,name,owner,roles,risk_tier\n" + "a,A,owner,provider,high\n" * 2_200_000),
}
