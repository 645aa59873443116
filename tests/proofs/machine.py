"""The town at random: hypothesis chooses what happens next, and after each step all invariants are looked at."""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import datetime, time, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from invariants import REQUESTS, Watch, rows
from naive import WAITING
from proof_town import LIVED, OWNERS, START, planned_town, programme_of, raw

from cycles import acceptances, answers, decisions, journal, objections
from cycles.clocks import TOLERANCE, ClockBehind
from cycles.errors import BadInput, Refused
from cycles.incidents import add_incident
from cycles.models import Person
from cycles.observations import Seen
from cycles.observations import record as observe

number = st.integers(0, 7)
NEAR = st.sampled_from([timedelta(minutes=15), timedelta(hours=1), timedelta(hours=5), timedelta(days=1)])
FAR = st.sampled_from([timedelta(days=3), timedelta(weeks=1), timedelta(weeks=3)])
OF_LEADS = ("excuse", "reassign", "reassign", "nudge", "keep_asking", "keep_asking")
LEAD, NOON = 1, time(3)  # noon in Tokyo


class Machine(RuleBasedStateMachine):
    """One town, from the first morning of its first cycle or from later on."""

    @initialize(systems=st.sampled_from([2, 3]), days=st.sampled_from([0, *LIVED]))
    def begin(self, systems: int, days: int) -> None:
        self.rooms = ExitStack()
        systems = 4 if days else systems
        self.town = self.rooms.enter_context(planned_town(systems, days))
        self.systems, self.raw = systems, raw(self.town.record)
        self.people: dict[str, Any] = {}
        self.changes: dict[str, Any] = {}
        self.watch = Watch(self.raw)

    def teardown(self) -> None:
        if hasattr(self, "town"):
            with self.town.record.read() as session:
                assert journal.verify(session).fault is None
            self.rooms.close()

    # Time and the stages ----------------------------------------------------------------------------------------------

    @rule(by=st.one_of(NEAR, NEAR, FAR))
    def wait(self, by: timedelta) -> None:
        self.town.now += by

    @rule(by=st.sampled_from([timedelta(minutes=10), timedelta(hours=1)]))
    def clock_steps_back(self, by: timedelta) -> None:
        """A little, within what the record bears, and so it stays; or too far, until somebody sets it right."""
        self.town.now -= by
        self._step("tick", self.town.tick)
        if by > TOLERANCE:
            self._step("check", self.town.check)
            self.town.now += by

    @rule(ticks=st.integers(0, 5))
    def tick(self, ticks: int) -> None:
        """Now, and at the moments the next words are due."""
        self._step("tick", self.town.tick)
        for _ in range(ticks):
            dues = [row.next_at for row in self.watch.requests.values() if row.next_at]
            self.town.now = max(self.town.now, min(dues, default=START))
            self._step("tick", self.town.tick)

    @rule(unknown=st.sets(st.integers(0, 3), max_size=1))
    def deliver(self, unknown: set[int]) -> None:
        self._step("deliver", lambda: self.town.deliver(unknown))

    @rule(whole=st.booleans(), late=st.booleans())
    def night(self, whole: bool, late: bool) -> None:
        """Now, or on the first day on which something is late."""
        today = self.town.now.date()
        dues = [row.due for row in self.watch.requests.values() if row.state in WAITING and row.due >= today]
        if late and dues:
            self.town.now = max(self.town.now, datetime.combine(min(dues) + timedelta(days=1), NOON, START.tzinfo))
        self._step("check", self.town.check)
        if whole:
            self._step("act", self.town.act)

    @rule()
    def close_and_plan(self) -> None:
        self._step("review", self.town.review)
        self._step("plan", self.town.plan)

    # People -----------------------------------------------------------------------------------------------------------

    @rule(verb=st.sampled_from(["submit", "confirm", "snooze", "delegate"]), which=number, who=number, days=number, to=number)  # fmt: skip
    def says(self, verb: str, which: int, who: int, days: int, to: int) -> None:
        """Mostly who is asked, of something that waits."""
        self._speaks(verb, which, who, days, to)

    @rule(verb=st.sampled_from(["not_mine", "not_applicable", "cannot_provide"]), which=number, who=number)
    def objects(self, verb: str, which: int, who: int) -> None:
        self._speaks(verb, which, who, 0, 0)

    @rule(verb=st.sampled_from(OF_LEADS), which=number, who=number, to=number)
    def leads(self, verb: str, which: int, who: int, to: int) -> None:
        self._speaks(verb, which, who, 0, to)

    @rule(which=number, to=number)
    def hands_round(self, which: int, to: int) -> None:
        """A lead gives something to somebody and back on the same day, and it is asked again."""
        asked = [row for row in self.watch.requests.values() if row.state in WAITING]
        if asked:
            request = asked[which % len(asked)]
            for who in (1 + to, request.assignee_id):
                self._says(LEAD, lambda act, who=who: decisions.reassign(act, request.id, self._person(act, who)))
            self.town.now += timedelta(minutes=1)
            self._step("tick", self.town.tick)

    def _speaks(self, verb: str, which: int, who: int, days: int, to: int) -> None:
        first = "NOT r.disputed" if verb == "keep_asking" else "r.state NOT IN ('asked', 'returned', 'lapsed')"
        asked = rows(self.raw, REQUESTS + f" ORDER BY {first}, r.id DESC")
        if not asked:
            return
        request = asked[which % len(asked)]
        person = (request.assignee_id, request.assignee_id, request.owner_id, LEAD, LEAD, 2, 3, 4)[who]
        if verb in OF_LEADS and who < 7:
            person = LEAD
        cycle = self.raw.execute("SELECT state FROM cycle WHERE id = ?", (request.cycle_id,)).fetchone()[0]
        allowed = self.watch.model.may(verb, request, person, cycle, self.watch.of_role("lead"))
        day = (self.town.now - timedelta(days=days)).date()
        offered = answers.Offered(form="link", locator="https://wiki.example/it", effective=day)
        receiver = 1 + to % len(self.watch.model.people)
        does: dict[str, Callable[[Any], Any]] = {
            "submit": lambda act: answers.submit(act, request.id, offered),
            "confirm": lambda act: answers.confirm(act, request.id),
            "snooze": lambda act: answers.snooze(
                act, request.id, (self.town.now + timedelta(days=days)).date(), "away"
            ),
            "delegate": lambda act: answers.delegate(act, request.id, self._person(act, receiver)),
            "not_mine": lambda act: objections.not_mine(act, request.id, "no"),
            "not_applicable": lambda act: objections.not_applicable(act, request.id, "no use"),
            "cannot_provide": lambda act: objections.cannot_provide(act, request.id, "lost"),
            "keep_asking": lambda act: objections.keep_asking(act, request.id, "it is"),
            "excuse": lambda act: decisions.excuse(act, request.id, "no use"),
            "reassign": lambda act: decisions.reassign(act, request.id, self._person(act, receiver)),
            "nudge": lambda act: decisions.nudge(act, request.id),
        }
        done = self._says(person, does[verb])
        assert allowed or not done, f"I6: {person} could {verb} {request}"
        assert request.disputed or not (done and verb == "keep_asking"), f"I6: {request} was not disputed"
        if done and verb == "cannot_provide":
            self.watch.model.lapsed.add((request.system_id, request.kind_id))
            self.watch.owned(request.system_id, request.kind_id, self.town.now)

    @rule(days=st.integers(0, 100), accept=st.sampled_from([True, True, False]))
    def answer(self, days: int, accept: bool) -> None:
        """Somebody answers what they were asked last, and the reviewer at once."""
        with suppress(Refused, ClockBehind):
            self.town.answer(accept=accept, age=timedelta(days=days))
        self.watch.look("say", self.town.now)

    @rule(which=number, take=st.booleans())
    def answer_offer(self, which: int, take: bool) -> None:
        offers = rows(self.raw, REQUESTS + " WHERE r.offered_to_id IS NOT NULL ORDER BY r.id")
        if offers:
            request = offers[which % len(offers)]
            verb = answers.accept_offer if take else answers.decline_offer
            done = self._says(request.offered_to_id, lambda act: verb(act, request.id))
            assert not done or request.state in WAITING

    @rule(which=number, vote=st.sampled_from(["accept", "accept", "return", "recuse"]))
    def review(self, which: int, vote: Any) -> None:
        ballots = self.raw.execute(
            "SELECT evidence_id, reviewer_id FROM review WHERE vote IS NULL ORDER BY id"
        ).fetchall()
        if ballots:
            evidence, who = ballots[which % len(ballots)]
            self._says(who, lambda act: decisions.review(act, evidence, vote, "because"))

    @rule(which=number, worked=st.booleans(), judge=st.booleans())
    def work_on_action(self, which: int, worked: bool, judge: bool) -> None:
        actions = rows(
            self.raw, "SELECT id, state, owner_id, reviewer_id FROM action WHERE closed_at IS NULL ORDER BY id"
        )
        if not actions:
            return
        action = actions[which % len(actions)]
        if action.state == "implemented" or judge:
            who = action.reviewer_id or LEAD
            self._says(who, lambda act: decisions.judge_action(act, action.id, worked=worked, note="seen"))
        else:
            words = {"correction": "done", "root_cause": "haste", "corrective_action": "a list"}
            self._says(action.owner_id, lambda act: decisions.implemented(act, action.id, **words))

    @rule(which=number, who=st.sampled_from([1, 1, 2, 3]), days=st.sampled_from([1, 30, 180, 181]), then=st.sampled_from(["approve", "approve", "decline", "wait"]))  # fmt: skip
    def accept_risk(self, which: int, who: int, days: int, then: str) -> None:
        """Somebody asks for the risk of a lapse to be accepted, and somebody else mostly decides."""
        lapses = rows(self.raw, "SELECT * FROM lapse WHERE recovered_at IS NULL ORDER BY id")
        if not lapses:
            return
        lapse = lapses[which % len(lapses)]
        pair, until = (lapse.system_id, lapse.kind_id), (self.town.now + timedelta(days=days)).date()
        self._says(who, lambda act: acceptances.request(act, *pair, "small", until))
        asked = rows(self.raw, "SELECT id FROM acceptance WHERE state = 'requested' ORDER BY id DESC LIMIT 1")
        if asked and then != "wait":
            self._decides(asked[0].id, then, 2 if who == LEAD else LEAD)

    @rule(which=number, who=st.sampled_from([1, 2, 3]), verb=st.sampled_from(["approve", "decline", "revoke", "revoke"]))  # fmt: skip
    def decide_on_risk(self, which: int, who: int, verb: str) -> None:
        live = rows(self.raw, "SELECT id FROM acceptance WHERE state IN ('requested', 'approved') ORDER BY id")
        if live:
            self._decides(live[which % len(live)].id, verb, who)

    def _decides(self, number: int, verb: str, who: int) -> None:
        (found,) = rows(self.raw, "SELECT * FROM acceptance WHERE id = ?", number)
        does: dict[str, Callable[[Any], Any]] = {
            "approve": lambda act: acceptances.approve(act, number),
            "decline": lambda act: acceptances.decline(act, number, "no"),
            "revoke": lambda act: acceptances.revoke(act, number, "no more"),
        }
        if not self._says(who, does[verb]):
            return
        assert who in self.watch.of_role("lead", "executive"), f"I6: {who} could {verb} {found}"
        assert verb == "revoke" or who != found.requester_id, f"I6: {who} could {verb} their own {found}"
        if verb != "decline":  # a lapse may still wait for Act, which gives it its action
            self.watch.owned(found.system_id, found.kind_id, self.town.now)

    # Changes of the world ---------------------------------------------------------------------------------------------

    @rule(who=st.sampled_from(["owner", "second", "isle", "boss", "judge", "lead", "other", "howe", "jury"]), days=st.integers(0, 15), for_good=st.booleans())  # fmt: skip
    def goes_away(self, who: str, days: int, for_good: bool) -> None:
        """On leave, or (two people at most, and no lead) never to come back."""
        first, gone = self.town.now.date(), [has for has in self.people.values() if "left_on" in has]
        if for_good and len(gone) < 2 and who not in ("lead", "boss"):
            self.people[who] = {"left_on": first - timedelta(days=1)}
        else:
            self.people[who] = {"leave": [{"from": first, "to": first + timedelta(days=days)}]}
        self._sync()

    @rule(which=number, what=st.sampled_from(["version", "owner", "incident", "incident of a kind"]), to=number)
    def system_changes(self, which: int, what: str, to: int) -> None:
        """Another version or owner of a system, or something went wrong with it some days ago."""
        key = f"s{which % self.systems}"
        if what in ("version", "owner"):
            new = {"model_version": str(to)} if what == "version" else {"owner": OWNERS[to % len(OWNERS)]}
            self.changes[key] = {**self.changes.get(key, {}), **new}
            self._sync()
            return
        day, kind = self.town.now.date() - timedelta(days=to * to), "risk" if what == "incident of a kind" else None
        told: dict[str, Any] = {"system": key, "kind": kind, "happened_on": day, "by": None, "what": "it failed"}
        with suppress(ClockBehind, BadInput), self.town.record.write() as session:
            add_incident(session, **told, now=self.town.now, actor="lead")
        self._step("incident", lambda: None)

    @rule(which=number, content=st.sampled_from(["a", "a", "b", None]))
    def document_changes(self, which: int, content: str | None) -> None:
        """A document that accepted evidence links to is watched from here on, and says something or is gone."""
        held = rows(self.raw, "SELECT system_id, kind_id, locator FROM evidence ORDER BY id DESC LIMIT 8")
        if not held:
            return
        row = held[which % len(held)]
        place = (row.system_id, row.kind_id, row.locator)
        with suppress(ClockBehind), self.town.record.write() as session:
            document = session.connection().exec_driver_sql(
                "INSERT INTO document (system_id, kind_id, locator, watched) VALUES (?, ?, ?, 1)"
                " ON CONFLICT (system_id, kind_id, locator) DO UPDATE SET watched = 1 RETURNING id", place
            ).scalar_one()  # fmt: skip
            status, sha256 = ("ok", content * 64) if content else ("missing", None)
            seen = Seen(document_id=document, at=self.town.now, status=status, sha256=sha256)
            observe(session, [seen], now=self.town.now, actor="flow:check")
        self._step("observe", lambda: None)

    # ------------------------------------------------------------------------------------------------------------------

    def _step(self, name: str, work: Callable[[], Any]) -> None:
        """A stage; one whose clock runs behind the record refuses, and then nothing may have changed."""
        try:
            work()
        except ClockBehind:
            name = "refused"
        self.watch.look(name, self.town.now)

    def _sync(self) -> None:
        with suppress(ClockBehind):
            self.town.sync(programme_of(self.systems, self.people, **self.changes))
        self.raw.execute("UPDATE document SET watched = 1")  # the programme names none; they stay watched all the same
        self.watch.people()
        self.watch.look("sync", self.town.now)

    def _says(self, person: int, work: Callable[[Any], Any]) -> bool:
        try:
            self.town.write(lambda session: work(self.town.act_as(session, person)))
            done = True
        except (Refused, ClockBehind):
            done = False
        self.watch.look("say", self.town.now)
        return done

    def _person(self, act: Any, number: int) -> Person:
        found: Person = act.session.get_one(Person, number)
        return found
