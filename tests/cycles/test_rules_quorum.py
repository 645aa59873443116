"""Quorum attestation as a pure function: against an oracle that tries every way the votes could still go."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from cycles.policy import Policy
from cycles.quorum import PRESETS, Ballot, Member, Outcome, Terms, counted, needed, outcome, tolerated

CALLED = datetime(2026, 10, 15, 1, tzinfo=UTC)
DEADLINE = CALLED + timedelta(days=7)
DURING, AFTER = CALLED + timedelta(days=1), DEADLINE
VOTES = ("accept", "return", "abstain", "recuse")
DIGEST, OTHER = "a" * 64, "b" * 64


# The numbers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("members", "wrong", "agree"), [(1, 0, 1), (2, 0, 2), (4, 1, 3), (7, 2, 5), (33, 10, 22)])
def test_how_many_must_agree(members: int, wrong: int, agree: int) -> None:
    assert (tolerated(members), needed(members)) == (wrong, agree)


def test_the_presets_are_what_the_rule_gives() -> None:
    assert {name: (needed(of), of) for name, (_, of) in PRESETS.items()} == PRESETS
    assert set(PRESETS) == {"2-of-2", "3-of-4", "5-of-7", "22-of-33"}


@given(st.integers(1, 99))
def test_two_quorums_share_more_members_than_may_be_wrong(members: int) -> None:
    assert 2 * needed(members) - members > tolerated(members) >= 0
    assert needed(members) <= members


@pytest.mark.parametrize("members", range(1, 9))
def test_no_two_quorums_are_disjoint(members: int) -> None:
    quorums = [set(found) for found in combinations(range(members), needed(members))]
    assert all(one & other for one, other in product(quorums, quorums))


# The outcome ----------------------------------------------------------------------------------------------


def terms(need: int = 3, **more: Any) -> Terms:
    return Terms(**{"need": need, "digest": DIGEST, "called_at": CALLED, "deadline": DEADLINE, **more})


def roster(members: int, groups: Sequence[str] = (), machines: Sequence[int] = ()) -> list[Member]:
    named = [*groups, *[""] * members]
    return [Member(person_id=n, group=named[n], automated=n in machines) for n in range(members)]


def cast(votes: str, *, at: datetime = DURING, digest: str = DIGEST) -> list[Ballot]:
    """`aar-x`: members 0 and 1 accept, 2 returns, 3 is silent, 4 abstains; `q` recuses."""
    words = {"a": "accept", "r": "return", "x": "abstain", "q": "recuse"}
    return [Ballot(person_id=n, vote=words[v], digest=digest, at=at) for n, v in enumerate(votes) if v != "-"]


def meets(wanted: Terms, agreeing: list[Member]) -> bool:
    """The oracle's own words for a quorum."""
    humans = [member for member in agreeing if not member.automated]
    enough = len(agreeing) >= wanted.need and len({member.group for member in agreeing}) >= wanted.min_groups
    return enough and len(humans) >= wanted.min_humans and humans != []


def ended(wanted: Terms, members: list[Member], votes: dict[int, str]) -> Outcome:
    if meets(wanted, [member for member in members if votes.get(member.person_id) == "accept"]):
        return "satisfied"
    against = [member for member in members if votes.get(member.person_id) == "return"]
    if against and not meets(wanted, [member for member in members if member not in against]):
        return "not-satisfied"
    return "no-quorum"


def oracle(wanted: Terms, members: list[Member], votes: dict[int, str], *, over: bool) -> Outcome:
    """Open exactly as long as what the silent may still do makes a difference."""
    silent = [member.person_id for member in members if member.person_id not in votes]
    ways = product((None, *VOTES), repeat=len(silent))
    ends = {
        ended(wanted, members, {**votes, **{who: vote for who, vote in zip(silent, way, strict=True) if vote}})
        for way in ([(None,) * len(silent)] if over else ways)
    }
    return ends.pop() if len(ends) == 1 else "open"


@st.composite
def panels(draw: st.DrawFn) -> tuple[Terms, list[Member], dict[int, str]]:
    size = draw(st.integers(0, 5))
    members = [
        Member(person_id=n, group=draw(st.sampled_from(["", "law", "tech"])), automated=draw(st.booleans()))
        for n in range(size)
    ]
    wanted = terms(draw(st.integers(1, 5)), min_groups=draw(st.integers(1, 3)), min_humans=draw(st.integers(1, 2)))
    votes = {n: vote for n in range(size) if (vote := draw(st.sampled_from([None, *VOTES])))}
    return wanted, members, votes


def ballots_of(votes: dict[int, str]) -> list[Ballot]:
    return [
        Ballot(person_id=n, vote=vote, digest=DIGEST, at=DURING + timedelta(minutes=n)) for n, vote in votes.items()
    ]


@settings(max_examples=150)
@given(panels(), st.booleans())
def test_it_is_decided_as_soon_as_nothing_can_change_it_and_never_before(
    panel: tuple[Terms, list[Member], dict[int, str]], over: bool
) -> None:
    wanted, members, votes = panel
    now = AFTER if over else DURING + timedelta(hours=1)
    assert outcome(wanted, members, ballots_of(votes), now) == oracle(wanted, members, votes, over=over)


NOISE = st.builds(
    Ballot,
    person_id=st.integers(0, 8),
    vote=st.sampled_from(VOTES),
    digest=st.sampled_from([OTHER, None]),
    at=st.just(DURING),
) | st.builds(
    Ballot,
    person_id=st.integers(0, 8),
    vote=st.sampled_from(VOTES),
    digest=st.just(DIGEST),
    at=st.sampled_from([CALLED - timedelta(seconds=1), DEADLINE, DEADLINE + timedelta(days=1)]),
) | st.builds(
    Ballot,
    person_id=st.integers(20, 22),
    vote=st.sampled_from(VOTES),
    digest=st.just(DIGEST),
    at=st.just(DURING),
)  # fmt: skip


@settings(max_examples=120)
@given(panels(), st.lists(NOISE, max_size=6), st.randoms(use_true_random=False), st.booleans())
def test_order_and_votes_that_do_not_count_make_no_difference(
    panel: tuple[Terms, list[Member], dict[int, str]], noise: list[Ballot], chance: Any, over: bool
) -> None:
    wanted, members, votes = panel
    now = AFTER if over else DURING + timedelta(hours=1)
    said = outcome(wanted, members, ballots_of(votes), now)
    again = [Ballot(person_id=n, vote="return", digest=DIGEST, at=DURING + timedelta(minutes=30)) for n in votes]
    mixed = [*ballots_of(votes), *noise, *again, *ballots_of(votes)]
    chance.shuffle(mixed)
    seats = list(members)
    chance.shuffle(seats)
    assert outcome(wanted, seats, mixed, now) == said


@settings(max_examples=120)
@given(panels(), st.data())
def test_what_was_decided_stays_decided_whatever_comes(
    panel: tuple[Terms, list[Member], dict[int, str]], data: st.DataObject
) -> None:
    wanted, members, votes = panel
    now = DURING + timedelta(hours=1)
    said = outcome(wanted, members, ballots_of(votes), now)
    silent = [member.person_id for member in members if member.person_id not in votes]
    more = {n: data.draw(st.sampled_from(VOTES)) for n in silent}
    for later in (now, AFTER):
        then = outcome(wanted, members, ballots_of({**votes, **more}), later)
        assert said in ("open", then)


@settings(max_examples=100)
@given(panels(), st.data())
def test_one_more_to_accept_never_undoes_satisfied(
    panel: tuple[Terms, list[Member], dict[int, str]], data: st.DataObject
) -> None:
    wanted, members, votes = panel
    if members and outcome(wanted, members, ballots_of(votes), AFTER) == "satisfied":
        one = data.draw(st.sampled_from(members)).person_id
        assert outcome(wanted, members, ballots_of({**votes, one: "accept"}), AFTER) == "satisfied"


@pytest.mark.parametrize(
    ("votes", "during", "after"),
    [
        ("----", "open", "no-quorum"),
        ("aa--", "open", "no-quorum"),
        ("aaa-", "satisfied", "satisfied"),
        ("aar-", "open", "no-quorum"),
        ("aarr", "not-satisfied", "not-satisfied"),
        ("rr--", "not-satisfied", "not-satisfied"),
        ("aaxq", "no-quorum", "no-quorum"),
        ("aax-", "open", "no-quorum"),  # the last one may still accept; their return alone would not decide it
        ("xxxx", "no-quorum", "no-quorum"),
        ("qq--", "open", "no-quorum"),  # one of the two may return, and then two return it
        ("aarx", "no-quorum", "no-quorum"),
    ],
)
def test_three_of_four(votes: str, during: str, after: str) -> None:
    assert outcome(terms(), roster(4), cast(votes), DURING + timedelta(hours=1)) == during
    assert outcome(terms(), roster(4), cast(votes), AFTER) == after


def test_a_vote_counts_from_the_call_to_just_before_the_deadline_and_only_a_members() -> None:
    early, late = cast("aaaa", at=CALLED), cast("aaaa", at=DEADLINE - timedelta(microseconds=1))
    assert counted(terms(), roster(2), early) == counted(terms(), roster(2), late) == {0: "accept", 1: "accept"}
    assert counted(terms(), roster(4), cast("aaaa", at=DEADLINE)) == {}


def test_machines_alone_are_no_quorum_and_one_group_is_not_two() -> None:
    machines = roster(4, machines=(0, 1, 2))
    assert outcome(terms(), machines, cast("aaa-"), AFTER) == "no-quorum"
    assert outcome(terms(min_humans=0), machines, cast("aaa-"), AFTER) == "no-quorum"
    assert outcome(terms(), machines, cast("aaaa"), AFTER) == "satisfied"
    grouped = roster(4, ("law", "law", "law", "tech"))
    assert outcome(terms(min_groups=2), grouped, cast("aaa-"), DURING + timedelta(hours=1)) == "open"
    assert outcome(terms(min_groups=2), grouped, cast("aaaa"), AFTER) == "satisfied"


@pytest.mark.parametrize("accepting", [21, 22, 33])
def test_22_of_33(accepting: int) -> None:
    votes = "a" * accepting
    assert outcome(terms(22), roster(33), cast(votes), AFTER) == ("satisfied" if accepting > 21 else "no-quorum")
    assert outcome(terms(22), roster(33), cast("r" * 11), DURING + timedelta(hours=1)) == "open"
    assert outcome(terms(22), roster(33), cast("r" * 12), DURING + timedelta(hours=1)) == "not-satisfied"


# Policy ---------------------------------------------------------------------------------------------------


def quorum(*entries: dict[str, Any]) -> Policy:
    return Policy.model_validate({"reviewing": {"quorum": entries}})


def test_the_most_specific_entry_counts() -> None:
    policy = quorum(
        {"preset": "2-of-2"},
        {"risk_tiers": ["high"], "preset": "3-of-4"},
        {"kinds": ["risk"], "preset": "5-of-7"},
        {"kinds": ["risk"], "risk_tiers": ["high"], "need": 5, "of": 6},
    )
    asked = [("risk", "high"), ("risk", "limited"), ("log", "high"), ("log", "minimal")]
    found = [policy.reviewing.quorum_for(*pair) for pair in asked]
    assert [entry.size for entry in found if entry] == [(5, 6), (5, 7), (3, 4), (2, 2)]
    assert Policy().reviewing.quorum_for("risk", "high") is None


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([{}], "either a preset"),
        ([{"preset": "3-of-4", "need": 3, "of": 4}], "either a preset"),
        ([{"need": 3}], "both 'need' and 'of'"),
        ([{"need": 3, "of": 5}], "at least 4 must agree"),
        ([{"need": 5, "of": 4}], "at most 4 can"),
        ([{"preset": "2-of-2", "min_groups": 3}], "cannot hold that many"),
        ([{"preset": "9-of-9"}], "preset"),
        ([{"kinds": ["a", "b"], "preset": "2-of-2"}, {"kinds": ["b"], "preset": "3-of-4"}], "entries 1 and 2 cover"),
        ([{"preset": "2-of-2"}, {"preset": "3-of-4"}], "entries 1 and 2 cover"),
    ],
)
def test_a_panel_that_makes_no_sense_is_refused(entries: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        quorum(*entries)


def test_entries_for_other_tiers_or_kinds_do_not_overlap() -> None:
    apart: list[dict[str, Any]] = [
        {"preset": "3-of-4", "risk_tiers": ["high"]},
        {"preset": "2-of-2", "risk_tiers": ["limited", "minimal"]},
        {"preset": "2-of-2", "kinds": ["log"], "risk_tiers": ["high"]},
        {"preset": "5-of-7", "kinds": ["risk"], "risk_tiers": ["high"]},
    ]
    reviewing = Policy.model_validate({"reviewing": {"quorum": apart}}).reviewing
    found = [reviewing.quorum_for(kind, tier) for kind, tier in (("log", "high"), ("log", "minimal"), ("test", "high"))]
    assert [entry and entry.preset for entry in found] == ["2-of-2", "2-of-2", "3-of-4"]
    with pytest.raises(ValidationError, match="entries 1 and 5 cover the same"):
        Policy.model_validate(
            {"reviewing": {"quorum": [*apart, {"preset": "2-of-2", "risk_tiers": ["minimal", "high"]}]}}
        )
