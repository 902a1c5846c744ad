"""Every setting of the functions, read from the environment in one place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from postwright import limits

DEFAULT_GRAPH_URL = "https://graph.instagram.com/v25.0"
"""Source: Graph API changelog, read 2026-09: v25.0 is available until 2028-07-29."""


class Settings(BaseModel):
    """Typed settings; each field's alias is its environment variable."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    graph_url: str = Field(
        DEFAULT_GRAPH_URL,
        alias="POSTWRIGHT_GRAPH_URL",
        description="Where the Graph API answers; without a version it gets the default one.",
    )
    table: str = Field("postwright", alias="POSTWRIGHT_TABLE", description="DynamoDB table.")
    bucket: str = Field(
        "postwright-media", alias="POSTWRIGHT_BUCKET", description="S3 bucket with the media."
    )
    ssm_prefix: str = Field(
        "/ai-social-media/prod",
        alias="POSTWRIGHT_SSM_PREFIX",
        description="Path in the SSM Parameter Store under which tokens and user ids lie.",
    )
    state_machine_arn: str = Field(
        "", alias="POSTWRIGHT_STATE_MACHINE_ARN", description="The state machine that a start runs."
    )
    carousel_max: int = Field(
        limits.CAROUSEL_MAX_ITEMS.value,
        ge=2,
        le=20,
        alias="POSTWRIGHT_CAROUSEL_MAX",
        description="Items that a carousel may have; 20 for accounts where that works.",
    )
    on_unknown: Literal["resend", "ask"] = Field(
        "resend",
        alias="POSTWRIGHT_ON_UNKNOWN",
        description="After an unclear publish without a trace: resend, or ask a person.",
    )
    block_hours: float = Field(
        24,
        ge=0,
        le=24 * 365,
        alias="POSTWRIGHT_BLOCK_HOURS",
        description="How long nothing is sent for an account after Instagram blocked an action.",
    )
    image_budget_seconds: int = Field(
        300,
        gt=0,
        alias="POSTWRIGHT_IMAGE_BUDGET_SECONDS",
        description="How long an image or a carousel may be processed.",
    )
    video_budget_seconds: int = Field(
        3600,
        gt=0,
        alias="POSTWRIGHT_VIDEO_BUDGET_SECONDS",
        description="How long a video may be processed.",
    )
    look_price_seconds: float = Field(
        1.4,
        gt=0,
        le=600,
        alias="POSTWRIGHT_LOOK_PRICE_SECONDS",
        description=(
            "What a look at unfinished containers costs, in seconds that a ready post waits:"
            " more makes looks fewer and posts later."
        ),
    )
    look_after: str = Field(
        "",
        pattern=r"^(\s*[1-9]\d{0,3}\s*(,\s*[1-9]\d{0,3}\s*)*)?$",
        alias="POSTWRIGHT_LOOK_AFTER",
        description=(
            "A fixed schedule instead: seconds from look to look, as in 5,10,20,30; the last is"
            " repeated. Empty: by what was seen of each kind."
        ),
    )
    calls_per_hour: int = Field(
        limits.CALLS_PER_HOUR.value,
        ge=20,
        alias="POSTWRIGHT_CALLS_PER_HOUR",
        description="Calls of an account in an hour, while Instagram sends no usage headers.",
    )
    containers_per_day: int = Field(
        limits.CONTAINERS_PER_DAY.value,
        ge=1,
        alias="POSTWRIGHT_CONTAINERS_PER_DAY",
        description="Containers that an account may make in 24 hours.",
    )
    warn_percent: int = Field(
        80,
        ge=1,
        le=100,
        alias="POSTWRIGHT_WARN_PERCENT",
        description="From which share of a budget on people are warned.",
    )
    schedule_max_days: int = Field(
        30,
        gt=0,
        alias="POSTWRIGHT_SCHEDULE_MAX_DAYS",
        description="How far ahead a post may be scheduled.",
    )
    hashtag_pool: str = Field(
        "content/cache/hashtag-pool.json",
        alias="POSTWRIGHT_HASHTAG_POOL",
        description="File with the hashtags that posts draw from.",
    )
    hashtag_count: int = Field(
        limits.HASHTAGS_ADVISED.value,
        ge=1,
        le=limits.HASHTAGS_MAX.value,
        alias="POSTWRIGHT_HASHTAG_COUNT",
        description="Hashtags that are picked for a post.",
    )
    hashtag_stale_days: int = Field(
        14,
        gt=0,
        alias="POSTWRIGHT_HASHTAG_STALE_DAYS",
        description="After how many days what was measured of a hashtag counts as old.",
    )
    presign_seconds: int = Field(
        3600,
        gt=0,
        le=604_800,
        alias="POSTWRIGHT_PRESIGN_SECONDS",
        description="Life of the URLs that Instagram fetches; at least the two budgets.",
    )
    token_cache_seconds: int = Field(
        300,
        ge=0,
        alias="POSTWRIGHT_TOKEN_CACHE_SECONDS",
        description="How long a function keeps a token in memory.",
    )
    refresh: Literal["schedule", "cold-start", "manual"] = Field(
        "schedule",
        alias="POSTWRIGHT_REFRESH",
        description=(
            "Who refreshes tokens: the daily function, each function when it first uses an account,"
            " or nobody but `postwright auth refresh`."
        ),
    )
    refresh_min_age_hours: float = Field(
        24,
        ge=0,
        alias="POSTWRIGHT_REFRESH_MIN_AGE_HOURS",
        description="How old a token must be; Instagram refuses to refresh younger ones.",
    )
    refresh_below_days: float = Field(
        45,
        gt=0,
        le=60,
        alias="POSTWRIGHT_REFRESH_BELOW_DAYS",
        description="A token with fewer days left is refreshed.",
    )

    @field_validator("graph_url")
    @classmethod
    def _versioned(cls, url: str) -> str:
        bare = url.rstrip("/")
        return (
            bare
            if re.search(r"/v\d+\.\d+$", bare)
            else f"{bare}/{DEFAULT_GRAPH_URL.rsplit('/', 1)[-1]}"
        )

    @model_validator(mode="after")
    def _urls_outlive_the_processing(self) -> Self:
        """Instagram may fetch a video again until it is processed."""
        longest = max(self.image_budget_seconds, self.video_budget_seconds)
        if self.presign_seconds < longest:
            raise ValueError(
                f"POSTWRIGHT_PRESIGN_SECONDS is {self.presign_seconds}, but media may be processed"
                f" for {longest} seconds; make it at least that, or lower"
                " POSTWRIGHT_VIDEO_BUDGET_SECONDS and POSTWRIGHT_IMAGE_BUDGET_SECONDS"
            )
        return self

    @property
    def look_waits(self) -> list[int]:
        """The fixed schedule, in seconds; empty without one."""
        return [int(wait) for wait in self.look_after.split(",") if wait.strip()]

    @classmethod
    def variables(cls) -> list[str]:
        """The environment variables that are settings."""
        return [str(field.alias) for field in cls.model_fields.values()]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings; an empty variable counts as not set.

        Raises pydantic's ValidationError, which names each variable that does not fit.
        """
        return cls.model_validate(
            {name: value for name, value in environment.items() if value != ""}
        )
