"""What can be changed through `POST /_control/config`, with the defaults."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from sandbox.instagram.accounts import ACCOUNTS
from sandbox.instagram.bounds import Hours, Seconds
from sandbox.instagram.processing import Processing


class ConfigError(ValueError):
    """The sentence says which key is wrong and why."""


DEMO_APP_ID = "424242424242424"
DEMO_FACEBOOK_APP_ID = "565656565656565"
DEMO_FACEBOOK_APP_SECRET = "fedcba9876543210fedcba9876543210"  # noqa: S105 - worth nothing
DEMO_APP_SECRET = "0123456789abcdef0123456789abcdef"  # noqa: S105 - worth nothing


def _redirect_uri(uri: str) -> str:
    """An address that a browser may be sent to, which a policy header can name."""
    if not re.fullmatch(r"[!$-&(-+\--:<-~]+", uri):
        raise ValueError("a redirect URI is ASCII without spaces, quotes, commas, ; and #")
    parts = urlsplit(uri)
    is_web = parts.scheme in ("http", "https")
    if not (parts.netloc if is_web else parts.scheme) or parts.scheme in ("javascript", "data"):
        raise ValueError("a redirect URI is absolute: https://host/path, or app://path")
    return uri


RedirectUri = Annotated[str, AfterValidator(_redirect_uri)]


Hashtag = Annotated[str, Field(pattern=r"^\w+$"), AfterValidator(str.lower)]


def _account_id(text: str) -> str:
    if text not in [account.user_id for account in ACCOUNTS]:
        raise ValueError(f"an account is {' or '.join(account.user_id for account in ACCOUNTS)}")
    return text


AccountId = Annotated[str, AfterValidator(_account_id)]


def _shortest_first(times: tuple[float, float]) -> tuple[float, float]:
    shortest, longest = times
    if longest < shortest:
        raise ValueError("the shorter of the two times comes first")
    return times


LatencySeconds = Annotated[tuple[Seconds, Seconds], AfterValidator(_shortest_first)]


class Config(BaseModel):
    """Defaults follow Meta's documentation where it gives a number, otherwise reports of live runs.

    Quota 100 per 24 h: content publishing guide and live readings, 2026-09; other pages of Meta say
    50, so it can be set. Call allowance: Meta counts impressions, which nobody has here; 4,800 an
    hour is the smallest multiple of its formula. Hashtags and places: 200 an hour for each daily
    user of the app (Graph API rate limiting, Meta, 2026), here for one. Everything that Meta's
    pages leave open or contradict is listed, with its key, in `conflicts.py` and
    `open_questions.py`.
    """

    model_config = ConfigDict(
        extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True
    )

    seed: int = 1
    """Of everything random: processing times, and faults that happen by chance."""
    image: Processing = Processing(seconds=3)
    """How long an image is worked on, a model with the keys of the next table."""
    video: Processing = Processing(seconds=20)
    """The same for a reel, a video story, and a video in a carousel."""
    carousel: Processing = Processing(seconds=2)
    """The same for a carousel, from the making of its container."""
    latency_seconds: LatencySeconds = (0, 0)
    """How long a Graph call takes at least and at most; each takes another time in between."""
    ready_after_polls: int | None = Field(default=None, ge=0)
    """Then the looks at a container decide when it is ready, not the clock."""
    carousel_max: int = Field(default=10, ge=2)
    """Items in a carousel."""
    quota_total: int = Field(default=100, ge=0)
    """Posts in any 24 hours."""
    stories_count: bool = True
    """Whether stories use up the quota of posts."""
    container_cap: int = Field(default=400, ge=0)
    """Containers in any 24 hours."""
    calls_per_hour: int = Field(default=4800, ge=1)
    """Calls of an account until they are refused."""
    app_calls_per_hour: int = Field(default=200, ge=1)
    """Calls of the app for hashtags and places, of all accounts together."""
    throttle_lengthens_seconds: Seconds = 60
    """By how much a call that is refused lengthens the refusal."""
    usage_headers: Literal["by_token", "business", "app", "both", "none"] = "by_token"
    """Which headers tell how much of the call allowance is used."""
    repeat_publish: Literal["error", "same_id", "duplicate"] = "error"
    """What a second publish of one container does."""
    lenient_images: bool = False
    """Takes PNG and WebP too."""
    hashtag_max: int = Field(default=30, ge=0)
    """Hashtags in a caption."""
    hashtag_searches: int = Field(default=30, ge=0)
    """Different hashtags that an account may search for in any 7 days."""
    sensitive_hashtags: tuple[Hashtag, ...] = ("forbidden", "offensive")
    """Hashtags whose search is refused, without a reason."""
    unused_hashtags: tuple[Hashtag, ...] = ("nobodyusesthis", "neverseen")
    """Hashtags that do not exist; every other word is one."""
    public_content_access: bool = True
    """Whether the app may search for hashtags (Meta's feature Instagram Public Content Access)."""
    search_with_page_token: bool = False
    """Whether the token of a Page may search too, not that of a user alone."""
    unknown_locations: Literal["accept", "refuse"] = "accept"
    """What becomes of a `location_id` that is none of the made-up places."""
    child_options: Literal["refuse", "ignore"] = "refuse"
    """What becomes of `caption` and `collaborators` of a carousel item."""
    caption_fields: bool = True
    """Whether graph.instagram.com answers `caption` and `media_product_type` of media."""
    refresh_min_age_hours: Hours = 24
    """How old a token must be to be refreshed."""
    refresh_keeps_string: bool = False
    """Whether a refresh answers the same token, with a new end."""
    app_id: str = Field(default=DEMO_APP_ID, pattern=r"^\d{5,20}$")
    """The app that users log in to."""
    app_secret: SecretStr = Field(default=SecretStr(DEMO_APP_SECRET), min_length=8)
    """The app's secret; it is never shown."""
    facebook_app_id: str = Field(default=DEMO_FACEBOOK_APP_ID, pattern=r"^\d{5,20}$")
    """The same for log-in by Facebook."""
    facebook_app_secret: SecretStr = Field(
        default=SecretStr(DEMO_FACEBOOK_APP_SECRET), min_length=8
    )
    """Its secret; it is never shown."""
    redirect_uris: tuple[RedirectUri, ...] = (
        "https://example.com/callback",
        "https://localhost/callback",
        "http://127.0.0.1:8765/callback",
    )
    """Where a user may be sent after the log-in, of either kind."""
    account_types: dict[AccountId, Literal["BUSINESS", "MEDIA_CREATOR", "PERSONAL"]] = {}
    """Kinds of accounts by `user_id`, BUSINESS where nothing is said."""
    wrapped_answers: bool = False
    """`/me` and the code exchange answer inside of `data`, as Meta's pages show them."""
    locale: Literal["en", "es", "th", "kn"] = "en"
    """The language of `error_user_title` and `error_user_msg`."""
    video_decoding: Literal["key_frames", "all_frames"] = "key_frames"
    """What of a video is decoded to judge it."""
    fetch_timeout_seconds: Annotated[Seconds, Field(gt=0)] = 10
    """How long a media server may take."""

    def changed(self, changes: dict[str, Any]) -> Config:
        """A new config; raises ConfigError that names each wrong key."""
        problems = []
        unknown = sorted(set(changes) - set(Config.model_fields))
        if unknown:
            known = ", ".join([*Config.model_fields, "tokens"])
            problems.append(f"Unknown config key {', '.join(unknown)}. Known keys: {known}.")
        now = self.model_dump()
        for name in changes.keys() - unknown:
            value = changes[name]
            nested = isinstance(now[name], dict) and isinstance(value, dict)
            now[name] = now[name] | value if nested else value
        try:
            config = Config.model_validate(now)
        except ValidationError as error:
            problems.append(sentences(error))
        if problems:
            raise ConfigError(" ".join(problems))
        return config


def sentences(error: ValidationError) -> str:
    """All problems, each with the name of its field."""
    return " ".join(
        re.sub(r"^: ", "", f"{'.'.join(str(part) for part in problem['loc'])}: {_said(problem)}.")
        for problem in error.errors()
    )


def _said(problem: ErrorDetails) -> str:
    if problem["type"] == "extra_forbidden":
        return "There is no such field"
    return problem["msg"].removeprefix("Value error, ")
