"""What policy asks of panels, held against who is named: a panel that could never agree is refused at sync."""

from collections.abc import Collection

from cycles.policy import Policy, Quorum
from cycles.programme.entries import ProgrammeEntry
from cycles.programme.files import Located, Place, Problems


def check_panels(
    head: ProgrammeEntry,
    head_at: Located,
    policy: Policy,
    policy_at: Located,
    kinds: Collection[str],
    problems: Problems,
) -> None:
    """Complain about unknown kinds and deciders, and panels larger or more varied than the reviewers named."""
    for index, key in enumerate(head.reviewer_keys):
        if key in head.reviewer_keys[:index]:
            problems.add(head_at.where(("reviewers", index)), f"reviewers names '{key}' twice. Keep one of the two.")
    for index, entry in enumerate(policy.reviewing.quorum):
        place: Place = ("reviewing", "quorum", index)
        for kind in entry.kinds:
            if kind not in kinds:
                problems.add(policy_at.where((*place, "kinds")), f"kinds names no known evidence kind: '{kind}'.")
        if entry.decider is not None and entry.decider not in head.leads:
            problems.add(
                policy_at.where((*place, "decider")),
                f"decider names '{entry.decider}', who is none of the leads in programme.yaml. Name one of them.",
            )
        for complaint in _missing(entry, head):
            problems.add(policy_at.where(place), complaint)


def _missing(entry: Quorum, head: ProgrammeEntry) -> list[str]:
    wanted = (
        ("reviewers", entry.size[1], len(set(head.reviewer_keys))),
        ("groups", entry.min_groups, len({reviewer.group for reviewer in head.reviewers})),
        ("human reviewers", entry.min_humans, sum(not reviewer.automated for reviewer in head.reviewers)),
    )
    return [
        f"the panel needs {need} {what}, but programme.yaml names {has}: {need - has} missing. "
        "Name more under 'reviewers', or choose a smaller panel."
        for what, need, has in wanted
        if has < need
    ]
