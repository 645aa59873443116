"""I1 to I8 hold whatever happens: the real rules against a naive model, step by step."""

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from machine import Machine

DEFAULTS = settings(
    deadline=None, suppress_health_check=list(HealthCheck), derandomize=False, database=None, print_blob=True
)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", range(4))
def test_whatever_happens(part: int) -> None:
    run(part, examples=50, steps=50)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(100, 120))
def test_whatever_happens_for_longer(part: int) -> None:
    run(part, examples=100, steps=100)


def run(part: int, *, examples: int, steps: int) -> None:
    chosen = settings(DEFAULTS, max_examples=examples, stateful_step_count=steps)
    run_state_machine_as_test(seed(part)(Machine), settings=chosen)
