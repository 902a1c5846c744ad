"""How much time can be asked for: with a good deal more, dates would leave the calendar."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

LONGEST_SECONDS = 10 * 365 * 86_400

Seconds = Annotated[float, Field(ge=0, le=LONGEST_SECONDS, allow_inf_nan=False)]
Minutes = Annotated[int, Field(ge=0, le=LONGEST_SECONDS // 60)]
Hours = Annotated[float, Field(ge=0, le=LONGEST_SECONDS / 3600, allow_inf_nan=False)]
