"""Ten years of obligations keep every invariant; a year of a few, checked every fourth night, in every run."""

import time

import pytest
from decade import Decade


def test_a_year_of_a_few_obligations() -> None:
    told = Decade(8, nights=4).live(366)
    assert told["lapses"]
    assert told["messages"] > 100


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_ten_years_of_a_thousand_obligations() -> None:
    begun = time.monotonic()
    print(Decade(480).live(3653), f"{time.monotonic() - begun:.0f} s")
