"""What every value from a file has in common: strict about its fields, and about what is a date."""

import re
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict


class Strict(BaseModel):
    """An edge model: unknown fields are refused, values are not changed afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _iso_date(value: Any) -> Any:
    # pydantic would also take a bare number as seconds since 1970; people do not mean that.
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError("is not a date; write YYYY-MM-DD")
    if isinstance(value, (int, float)):
        raise ValueError("is not a date; write YYYY-MM-DD")
    return value


Day = Annotated[date, BeforeValidator(_iso_date)]
