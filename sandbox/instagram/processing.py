"""How long Instagram works on a container: a model of kind, bytes, length and chance.

    seconds + seconds_per_megabyte x MB + seconds_per_second x length, times a random factor

What is measured in public (2026): images about 5 s, Reels of a minute 2 to 3 minutes, now and then
much longer. Meta tells nothing, so the defaults are plain numbers and everything can be set. The
draw depends on the seed and on what is processed, not on the order of calls: the same files under
the same seed take the same time at every speed and however many run at once.
"""

from __future__ import annotations

import math
import random
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from sandbox.instagram.bounds import Seconds

_MEGABYTE = 1_000_000
_HUMP = 0.1


class Processing(BaseModel):
    """The model of one kind of container.

    `spread` means: uniform, the largest deviation as a share (0.5: half to one and a half times);
    lognormal, its sigma, around the median; two_humps, how far the humps lie from the middle.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)

    seconds: Seconds
    seconds_per_megabyte: Seconds = 0
    seconds_per_second: Seconds = 0
    distribution: Literal["fixed", "uniform", "lognormal", "two_humps"] = "fixed"
    spread: float = Field(default=0, ge=0, le=3)
    at_most: Seconds = 86_400

    def draw(self, *, size: int = 0, length: float = 0, seed: int, subject: str) -> float:
        """Seconds from the making of a container until it is ready.

        `size` in bytes, `length` in seconds of video, `subject` names what is processed.
        """
        middle = (
            self.seconds
            + self.seconds_per_megabyte * size / _MEGABYTE
            + self.seconds_per_second * length
        )
        chance = random.Random(f"{seed}/{subject}")  # noqa: S311  must repeat under a seed
        return min(self.at_most, middle * self._factor(chance))

    def _factor(self, chance: random.Random) -> float:
        match self.distribution:
            case "uniform":
                return max(0.0, 1 + self.spread * chance.uniform(-1, 1))
            case "lognormal":
                return math.exp(self.spread * chance.gauss(0, 1))
            case "two_humps":
                hump = 1 + self.spread * chance.choice((-1, 1))
                return max(0.0, hump) * math.exp(_HUMP * chance.gauss(0, 1))
            case _:
                return 1.0
