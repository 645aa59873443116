"""Any scorecard at all: every text hostile or empty, every count from nothing to millions."""

from datetime import UTC, date, datetime

from hypothesis import strategies as st

from cycles.held import Held
from cycles.scorecard import (
    ActionRow,
    FrameworkRow,
    LapseRow,
    RequestRow,
    Scorecard,
    StageRing,
    SystemRow,
    Tally,
    TrendPoint,
)

HOSTILE = (
    "<script>alert(1)</script>",
    "]]></svg><svg onload=alert(1)>",
    "a | b | c",
    "[press](javascript:alert(1))",
    "![x](https://evil.example/x.png)",
    "<https://evil.example>",
    "https://evil.example/login",
    "www.evil.example",
    "mail@evil.example",
    "`code` *bold* __under__ ~~gone~~",
    "line\nbreak\r\n\n# Heading\n- item",
    "- item",
    "1. item",
    "{{ 7 * 7 }}{% raw %}",
    "{n}{0}",
    "&lt;b&gt;&amp;&#124;",
    "\\| \\[ \\",
    "\u202eright to left\u202c \x00\x1b[31m\ud800\ufffe",
    "Z̴̧̢̛̛̙̲͔͎̠̦̤̗̀̈́̀͂̽̕a" * 5,
    "﷽" * 10,
    "👩‍👩‍👧‍👦" * 30,
    "𠮷" * 200,
    "</details>",
    "$x^2$ ==mark== [^1]",
)
texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=30), st.sampled_from(HOSTILE).map(lambda text: text * 9))
titles = st.fixed_dictionaries({"en": texts, "ja": texts})
counts = st.integers(0, 40) | st.integers(0, 5_000_000)
days = st.dates(date(2000, 1, 1), date(2099, 12, 31))
shares = st.floats(0, 1)
tallies = st.builds(
    Tally, **dict.fromkeys(("satisfied", "expiring", "waiting", "lapsed", "accepted", "not_applicable"), counts)
)
instants = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)).map(lambda at: at.replace(tzinfo=UTC))


def some(strategy: st.SearchStrategy, most: int = 17) -> st.SearchStrategy:
    return st.lists(strategy, max_size=most).map(tuple)


rings = st.builds(
    StageRing,
    stage=st.sampled_from(("plan", "do", "check", "act", "other")),
    state=st.sampled_from(("done", "now", "next")),
    done=counts,
    of=counts,
    starts=days,
    ends=days,
)
systems = st.builds(
    SystemRow,
    key=texts,
    name=texts,
    owner=texts,
    risk_tier=texts,
    roles=some(texts, 3),
    tally=tallies,
    open_requests=counts,
    overdue_requests=counts,
    open_actions=counts,
)
frameworks = st.builds(FrameworkRow, key=texts, title=titles, tally=tallies)
lapses = st.builds(
    LapseRow,
    lapse_id=counts,
    system_name=texts,
    kind=texts,
    kind_title=titles,
    reason=texts | st.sampled_from(("missing", "expired", "version-changed", "recorded finding")),
    happened_on=days,
    noticed_at=instants,
    controls=counts,
    owner=texts,
    action_id=st.none() | counts,
    accepted_until=st.none() | days,
)
actions = st.builds(
    ActionRow,
    action_id=counts,
    system_name=texts,
    kind=texts,
    kind_title=titles,
    severity=texts | st.just("high"),
    state=texts | st.just("effective"),
    owner=texts,
    due=days,
    overdue=st.booleans(),
    relapses=counts,
)
requests = st.builds(
    RequestRow,
    request_id=counts,
    system_name=texts,
    kind_title=titles,
    owner=texts,
    state=texts,
    due=days,
    overdue=st.booleans(),
)
points = st.builds(TrendPoint, cycle=texts, in_control=shares, lapses=counts, recovered=counts)
medians = st.none() | st.floats(0, 10_000)
cards = st.builds(
    Scorecard,
    organisation=texts,
    cycle=texts,
    stage=st.sampled_from(("plan", "do", "check", "act", "closed")) | texts,
    as_of=instants,
    zone=st.sampled_from(("Asia/Tokyo", "Europe/London", "America/New_York", "UTC")),
    workday=counts,
    workdays=counts,
    closes=days,
    rings=some(rings, 5),
    tally=tallies,
    previous_in_control=st.none() | shares,
    median_answer_workdays=medians,
    previous_median_answer_workdays=medians,
    new_lapses=counts,
    recovered=counts,
    deliveries_unknown=counts,
    deliveries_failed=counts,
    orphaned=counts,
    held=st.none() | st.builds(Held, reason=texts, waiting=counts, last=st.none()),
    systems=some(systems),
    frameworks=some(frameworks, 10),
    lapses=some(lapses),
    actions=some(actions),
    requests=some(requests, 5),
    trend=some(points, 12),
)
languages = st.sampled_from(("en", "ja"))
