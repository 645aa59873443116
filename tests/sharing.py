"""How a run's tests are shared among its workers: what waits on one of them, what reckons on all others.

A test that waits for a server or a browser leaves its core idle. Two workers on two cores left an eighth of a run idle; a
third that took whatever came next filled the pauses, but its own reckoning slowed down the others by more.
"""

from typing import Any

from xdist.scheduler import LoadGroupScheduling

# Folders whose tests share nothing costly; elsewhere the tests of a file share a server or a home.
SPREAD = (
    "tests/catalogues/",
    "tests/cycles/",
    "tests/delivery/",
    "tests/documents/",
    "tests/messages/",
    "tests/proofs/",
)
# But for these, which would each start a browser of their own.
TOGETHER = ("tests/messages/test_in_browser.py",)
# What mostly waits: for Prefect, a browser, processes that are killed, servers that hang. Longest first.
WAITING = (
    "tests/whole/test_whole_demo.py",
    "tests/engine/",
    "tests/messages/test_in_browser.py",
    "tests/delivery/test_delivery_kills.py",
    "tests/localslack/test_localslack_page.py",
    "tests/inbox/test_inbox_pages.py",
    "tests/inbox/test_inbox_several_page.py",
    "tests/front/test_front_serve.py",
    "tests/front/test_front_start.py",
    "tests/dashboards/test_dashboard_browser.py",
    "tests/localslack/",
    "tests/documents/",
)
# What takes longest of the rest, so that no worker is left with it when the others have ended.
LONG = (
    "tests/whole/test_whole_fast.py",
    "tests/proofs/",
    "tests/front/",
    "tests/inbox/",
    "tests/cycles/test_rules_as_of.py",
    "tests/cycles/test_rules_bench.py",
    "tests/cycles/test_rules_check.py::test_standings_and_results",
    "tests/cycles/test_rules_reviewers.py",
    "tests/cycles/test_rules_do.py::test_two_schedulers",
    "tests/cycles/test_rules_do.py::test_nothing_is_ever_said",
    "tests/cycles/test_rules_ladder.py::test_what",
    "tests/cycles/test_rules_actions.py",
    "tests/cycles/test_rules_known_faults.py",
    "tests/cycles/test_rules_journal.py::test_one_flipped_bit",
    "tests/cycles/test_rules_answers.py::test_whatever_people_do",
    "tests/cycles/test_rules_files.py::test_the_reader_raises",
    "tests/cycles/test_rules_plan.py::test_the_plan_is",
)
# It counts seconds, so it comes when the other workers have nearly ended.
LAST = "tests/inbox/test_inbox_refusals.py"
PLACES = WAITING + LONG
WORKERS_THAT_RECKON = 2


def place(nodeid: str) -> int:
    """Where a test stands in the order of a run."""
    if nodeid.startswith(LAST):
        return len(PLACES) + 1
    return next((at for at, name in enumerate(PLACES) if nodeid.startswith(name)), len(PLACES))


class BySharing(LoadGroupScheduling):
    """Keep the tests of one file on one worker where they share something, and give what waits to the last worker.

    By file, because the marker `xdist_group` no longer does it: pytest 9.2 makes a test's id elsewhere than
    pytest-xdist 3.8 looks.
    """

    def __init__(self, config: Any, log: Any) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # `place` has put them in order
        self._patient: Any = None

    def schedule(self) -> None:
        """Choose the worker that waits, then share out."""
        if self.collection is None and len(self.nodes) > WORKERS_THAT_RECKON:
            self._patient = self.nodes[-1]
        super().schedule()

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return str(super()._split_scope(nodeid)) if file.startswith(SPREAD) and file not in TOGETHER else file

    def _assign_work_unit(self, node: Any) -> None:
        if self._patient is None:
            super()._assign_work_unit(node)
            return
        patient = node is self._patient
        suits = next((scope for scope in self.workqueue if scope.startswith(WAITING) is patient), None)
        if suits is not None:
            self.workqueue.move_to_end(suits, last=False)
        elif patient:
            node.shutdown()  # it still ends what it has
            return
        super()._assign_work_unit(node)
