"""Many messages at once: below Slack's limits, none in another's way, and stopped half way without loss or repetition."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from delivery_house import MORNING, NEXT_MORNING, House, Opener
from hypothesis import given
from hypothesis import strategies as st

from cycles import outbox
from cycles.models import Person
from tasks.slack import Delivered
from tasks.slack.manifest import METHODS, Method
from tasks.slack.pacing import BUDGET_S, MINUTE_S, SHARE, Pacer, pacer_for

OWNERS = 12
MESSAGES = OWNERS + 1
# Limits a tenth of Slack's, so that a dozen messages meet them.
SMALL = {"chat.postMessage": 20, "chat.update": 5, "users.lookupByEmail": 5}
TENTH = {name: replace(METHODS[name], per_minute=round(most / SHARE)) for name, most in SMALL.items()}


def pacer_of(house: House, methods: Mapping[str, Method] = TENTH) -> Pacer:
    """One that reads the house's clock, and lets it run where it would sleep."""
    return Pacer(methods=methods, clock=house.clock.epoch, sleep=lambda seconds: house.clock.on(seconds=seconds))


def paced(house: House, *, pacer: Pacer | None = None, **more: Any) -> Delivered:
    return house.deliver(pacer=pacer or pacer_of(house), **more)


def once_each(house: House) -> None:
    assert house.shown() == {row.id: 1 for row in house.rows("sent") if row.kind != "refresh"}
    assert not house.rows("queued", "sending", "failed", "unknown")


# The pacer ------------------------------------------------------------------------------------------------------------


@given(
    st.lists(st.tuples(st.sampled_from(["slow", "fast"]), st.floats(0, 50)), max_size=120),
    st.lists(st.floats(0, 70), max_size=20),
)
def test_no_minute_sees_more_calls_than_our_share(calls: list[tuple[str, float]], learnt: list[float]) -> None:
    at = [1_000.0]
    limits = {"slow": 10, "fast": 50}
    methods = {name: Method(used_by=(), per_minute=most) for name, most in limits.items()}
    pacer = Pacer(methods=methods, clock=lambda: at[0])
    pacer.learn("slow", learnt)
    made: dict[str, list[float]] = {name: [] for name in limits}
    for method, idle in calls:
        at[0] += idle / 10
        pause = pacer.pause(method)
        assert 0 <= pause <= MINUTE_S
        at[0] += pause
        assert pacer.pause(method) <= 1e-6
        pacer.called(method)
        made[method].append(at[0])
    made["slow"] += [1_000.0 - ago for ago in learnt]
    for method, most in limits.items():
        for start in made[method]:
            within = [one for one in made[method] if start <= one < start + MINUTE_S - 1e-6]
            others = len(learnt) if method == "slow" else 0
            assert len(within) <= max(int(most * SHARE), others)


def test_a_slack_on_this_machine_is_not_paced() -> None:
    assert not pacer_for("http://127.0.0.1:4390/api/").is_pacing
    assert pacer_for("https://slack.com/api/").is_pacing


# A pass ---------------------------------------------------------------------------------------------------------------


def test_a_full_tier_is_not_exceeded(opened: Opener) -> None:
    """Slack's real figures: nobody's account is known, and 50 look-ups a minute are allowed."""
    with opened(owners=50, rate_limits=True) as house:
        began, heard = house.clock(), []
        done = paced(house, pacer=pacer_of(house, METHODS), progress=lambda *progress: heard.append(progress))
        assert (done.sent, done.postponed, done.waiting, done.errors) == (51, 0, 0, ())
        assert timedelta(seconds=55) < house.clock() - began < timedelta(seconds=90)
        assert {sum(one) for one in heard} == {51}
        assert heard[-1] == (51, 0)
        once_each(house)


def test_without_pacing_the_same_runs_into_the_limit(opened: Opener) -> None:
    """So the witness can tell."""
    with opened(owners=50, rate_limits=True) as house:
        assert house.deliver(limit=51).postponed > 0


def test_what_does_not_fit_waits_for_the_next_pass(opened: Opener) -> None:
    with opened(owners=OWNERS) as house:
        pacer = pacer_of(house)
        done = paced(house, pacer=pacer, budget=10)
        assert (done.sent, done.waiting) == (5, MESSAGES - 5)
        assert paced(house, pacer=pacer, budget=10).sent == 0
        house.clock.on(minutes=1)
        assert paced(house, pacer=pacer, budget=70).sent == MESSAGES - 5
        once_each(house)


def test_a_batch_that_is_stopped_half_way_goes_on_where_it_was(opened: Opener) -> None:
    def stop(done: int, waiting: int) -> None:
        if done == 7:
            raise KeyboardInterrupt

    with opened(owners=OWNERS) as house:
        with pytest.raises(KeyboardInterrupt):
            paced(house, progress=stop)
        assert len(house.rows("sent")) == 7
        house.clock.on(minutes=1)
        paced(house)
        once_each(house)


def test_rewrites_do_not_keep_prompts_waiting(opened: Opener) -> None:
    with opened(owners=OWNERS) as house:
        house.deliver()
        house.clock.on(minutes=2)
        rewrite_all(house)
        house.queue("reminder", house.row(), key="more", role="last")
        began = house.clock()
        done = paced(house)
        assert (done.refreshed, done.sent, done.waiting) == (MESSAGES, 1, 0)
        assert house.clock() - began >= timedelta(minutes=2)
        prompt = next(row for row in house.rows("sent") if row.key == "more")
        assert prompt.sent_at == began


def rewrite_all(house: House) -> None:
    with house.record.write() as session:
        for row in house.rows("sent"):
            for item in house.items(row):
                outbox.refresh_about(session, item.subject, item.subject_id, now=house.clock())


def test_what_others_have_just_sent_counts(opened: Opener) -> None:
    with opened(owners=OWNERS) as house:
        house.deliver()
        house.clock.on(minutes=2)
        rewrite_all(house)
        house.deliver(limit=4)  # another process, which does not wait
        began = house.clock()
        assert paced(house, budget=30).refreshed == 1
        assert house.clock() == began


def test_a_limit_that_ends_soon_is_waited_for(house: House) -> None:
    house.fault("429", retry_after=20)
    done = paced(house)
    assert (done.sent, done.postponed, done.waiting) == (3, 1, 0)
    once_each(house)


def test_one_reader_gets_a_burst_and_then_one_a_second_in_the_same_pass(house: House) -> None:
    paced(house)
    house.clock.on(minutes=1)
    for n in range(8):
        house.queue("reminder", house.row(), key=f"more:{n}", role="last")
    began = house.clock()
    assert paced(house).sent == 8
    assert house.clock() - began == timedelta(seconds=5)


def test_a_clock_that_stands_still_ends_the_pass(house: House) -> None:
    """`--as-of` holds the house's clock, while Slack's goes on."""
    paced(house)
    house.clock.on(minutes=1)
    for n in range(8):
        house.queue("reminder", house.row(), key=f"more:{n}", role="last")
    slept: list[float] = []
    done = paced(house, pacer=Pacer(sleep=slept.append))
    assert (done.sent, len(house.rows("queued"))) == (3, 5)
    assert sum(slept) <= 1


def test_who_is_looked_up_first_counts_among_those_written_to(opened: Opener) -> None:
    """Two lanes end in the same method, whose limit is one."""
    with opened(owners=OWNERS) as house:
        for number in range(1, OWNERS // 2):
            house.change(Person, house.person(f"owner{number:02d}").id, slack_id=f"U{number + 2:08d}")
        posts = {**TENTH, "chat.postMessage": replace(METHODS["chat.postMessage"], per_minute=round(5 / SHARE))}
        paced(house, pacer=pacer_of(house, posts))
        at = sorted(row.sent_at for row in house.rows("sent") if row.sent_at)
        assert len(at) == MESSAGES
        assert all(later - earlier >= timedelta(seconds=MINUTE_S) for earlier, later in zip(at, at[5:], strict=False))


def test_nobody_is_written_to_after_hours_because_their_account_was_waited_for(house: House) -> None:
    house.settle()
    house.clock.at = MORNING.replace(hour=8, minute=59, second=50)  # 17:59:50 in Tokyo
    reader = house.row()
    house.queue("reminder", next(row for row in house.rows("sent") if row.person_id != reader.person_id), key="first")
    house.queue("reminder", reader, key="late", role="last")
    pacer = pacer_of(house)
    pacer.learn("users.lookupByEmail", [0.0] * 5)

    def forgotten(*_: object) -> Any:  # another process has found the account gone while this pass was under way
        house.change(Person, reader.person_id, slack_id=None)

    paced(house, pacer=pacer, progress=forgotten)
    late = next(row for row in house.rows() if row.key == "late")
    assert (late.state, late.not_before) == ("queued", NEXT_MORNING)


# At length ------------------------------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.timeout(1_200)
def test_two_thousand_owners(opened: Opener) -> None:
    """The first morning of a large organisation: nobody's account is known, the pass begins every quarter of an hour."""
    with opened(owners=2_000, rate_limits=True) as house:
        began, passes = house.clock(), []

        def stop(done: int, waiting: int) -> None:
            if passes == [None] and done == 100:
                raise KeyboardInterrupt

        pacer = pacer_of(house, METHODS)
        while house.rows("queued", "sending"):
            passes.append(None)
            starts = house.clock()
            try:
                done = paced(house, pacer=pacer, progress=stop)
                assert done.postponed == 0
                assert done.errors == ()
            except KeyboardInterrupt:
                pacer = pacer_of(house, METHODS)  # the process was stopped
            assert house.clock() - starts <= timedelta(seconds=BUDGET_S + 5)
            house.clock.at = max(house.clock(), starts + timedelta(minutes=15))
        once_each(house)
        assert len(house.shown()) == 2_001
        assert house.clock() - began < timedelta(hours=2)


def test_a_rewrite_that_waits_for_another_one_is_not_tried_without_end(house: House) -> None:
    """Its sender died half a minute ago; whether Slack took that one is looked up by a later pass."""
    paced(house)
    house.clock.on(minutes=2)
    rewrite_all(house)
    stuck = next(row for row in house.rows("queued") if row.kind == "refresh")
    with house.record.write() as session:
        assert outbox.claim(session, stuck, house.clock(), channel="D1")
    house.clock.on(seconds=30)
    rewrite_all(house)
    tried: list[tuple[int, int]] = []

    def count(*progress: int) -> None:
        tried.append((progress[0], progress[1]))
        assert len(tried) < 1_000

    paced(house, pacer=pacer_of(house, METHODS), progress=count)
    assert len(tried) < 20
    house.settle()
    once_each(house)
