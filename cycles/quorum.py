"""Quorum attestation: when enough independent reviewers agree on one digest of the evidence.

Of n reviewers f = ⌊(n−1)/3⌋ may be wrong; q = ⌊(n+f)/2⌋ + 1 must agree. Any two quorums then share more than f members,
so that two of them cannot say opposite things unless more reviewers are wrong than allowed for. It is agreement between
people recorded in one trusted store, nothing more. Everything here is a pure function: the order in which votes came,
when they are counted and how often make no difference.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Vote = Literal["accept", "return", "abstain", "recuse"]
Outcome = Literal["open", "satisfied", "not-satisfied", "no-quorum"]
# Named panels as (how many must agree, of how many).
PRESETS: dict[str, tuple[int, int]] = {"2-of-2": (2, 2), "3-of-4": (3, 4), "5-of-7": (5, 7), "22-of-33": (22, 33)}
MOST_MEMBERS = 99


def tolerated(members: int) -> int:
    """How many of so many reviewers may be wrong without misleading a quorum."""
    return (members - 1) // 3


def needed(members: int) -> int:
    """How many of so many reviewers must agree."""
    return (members + tolerated(members)) // 2 + 1


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a panel was called for: how many must agree, from how many groups, how many of them human, on what, by when.

    `digest` is what the members were asked about; `called_at` and `deadline` bound when a vote counts.
    """

    need: int
    digest: str
    called_at: datetime
    deadline: datetime
    min_groups: int = 1
    min_humans: int = 1


@dataclass(frozen=True, kw_only=True)
class Member:
    """A reviewer on the roster. Those who name no group count as one group together."""

    person_id: int
    group: str = ""
    automated: bool = False


@dataclass(frozen=True, kw_only=True)
class Ballot:
    """One vote, on what and when."""

    person_id: int
    vote: str
    digest: str | None
    at: datetime


def outcome(terms: Terms, roster: Collection[Member], ballots: Iterable[Ballot], now: datetime) -> Outcome:
    """What the votes say at a moment.

    `satisfied` once enough accept; `not-satisfied` once so many return that the others could never be enough;
    `no-quorum` when neither is so and the deadline has passed, or nothing still to come could change it. Until then
    `open`. Abstaining and recusing count towards neither.
    """
    votes = counted(terms, roster, ballots)
    said = _if_it_ended_now(terms, roster, votes)
    if said != "no-quorum" or now >= terms.deadline:
        return said
    silent = [member for member in roster if member.person_id not in votes]
    still_possible = {
        _if_it_ended_now(terms, roster, {**votes, **{member.person_id: vote for member in silent}})
        for vote in ("accept", "return")
    }
    return "no-quorum" if still_possible == {"no-quorum"} else "open"


def counted(terms: Terms, roster: Iterable[Member], ballots: Iterable[Ballot]) -> dict[int, str]:
    """The vote of each member that counts: their first in time, on this digest.

    Votes of others, on another digest, from before the call or from the deadline on are none.
    """
    members = {member.person_id for member in roster}
    first: dict[int, str] = {}
    for ballot in sorted(ballots, key=lambda ballot: (ballot.at, ballot.vote)):
        in_time = terms.called_at <= ballot.at < terms.deadline
        if ballot.person_id in members and ballot.digest == terms.digest and in_time:
            first.setdefault(ballot.person_id, ballot.vote)
    return first


def suffices(terms: Terms, agreeing: Collection[Member]) -> bool:
    """Whether these members together would be a quorum. Automated checkers alone never are one."""
    humans = sum(not member.automated for member in agreeing)
    groups = len({member.group for member in agreeing})
    return len(agreeing) >= terms.need and groups >= terms.min_groups and humans >= max(1, terms.min_humans)


def _if_it_ended_now(terms: Terms, roster: Collection[Member], votes: dict[int, str]) -> Outcome:
    accepting = [member for member in roster if votes.get(member.person_id) == "accept"]
    others = [member for member in roster if votes.get(member.person_id) != "return"]
    if suffices(terms, accepting):
        return "satisfied"
    return "not-satisfied" if len(others) < len(roster) and not suffices(terms, others) else "no-quorum"
