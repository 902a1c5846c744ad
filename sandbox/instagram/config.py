"""What can be changed through `POST /_control/config`, with the defaults."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from sandbox.instagram.accounts import TokenState


class ConfigError(ValueError):
    """The sentence says which key is wrong and why."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Rule(_Strict):
    """A scripted slow or refused item; `match` is part of the media URL's path or of the caption.

    `error` is [code, subcode]: a refusal of the call for an image or carousel, an ERROR container
    for a video. Without `times` the rule holds for good.
    """

    match: str = Field(min_length=1)
    processing_seconds: float | None = Field(default=None, ge=0)
    error: tuple[int, int] | None = None
    times: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _does_something(self) -> Rule:
        if self.processing_seconds is None and self.error is None:
            raise ValueError("a rule needs processing_seconds or error")
        return self


class CannedAnswer(_Strict):
    """Sent as it is, before any effect, to the next `times` calls whose path matches."""

    path: str
    method: str | None = None
    status: int = Field(default=200, ge=200, le=599)
    body: str = ""
    content_type: str = "application/json"
    times: int = Field(default=1, ge=0)

    @field_validator("path")
    @classmethod
    def _is_a_pattern(cls, path: str) -> str:
        try:
            re.compile(path)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return path


class Config(_Strict):
    """Defaults follow Meta's documentation where it gives a number, otherwise reports of live runs.

    Processing times: images about 5 s, reels 20 s to minutes (public live notes, 2026). Quota 100
    per 24 h: content publishing guide and live readings, 2026-09; other pages of Meta say 50, so it
    can be set.
    """

    image_processing_seconds: float = Field(default=3, ge=0)
    video_processing_seconds: float = Field(default=20, ge=0)
    carousel_processing_seconds: float = Field(default=2, ge=0)
    carousel_max: int = Field(default=10, ge=2)
    quota_total: int = Field(default=100, ge=0)
    container_cap: int = Field(default=400, ge=0)
    calls_per_hour: int = Field(default=4800, ge=1)
    repeat_publish: Literal["error", "same_id", "duplicate"] = "error"
    lenient_images: bool = False
    fetch_timeout_seconds: float = Field(default=10, gt=0)
    rules: list[Rule] = []
    answers: list[CannedAnswer] = []

    def changed(self, changes: dict[str, Any]) -> Config:
        """A new config; raises ConfigError that names the wrong key."""
        unknown = sorted(set(changes) - set(Config.model_fields))
        if unknown:
            known = ", ".join([*Config.model_fields, "tokens"])
            raise ConfigError(f"Unknown config key {', '.join(unknown)}. Known keys: {known}.")
        try:
            return Config.model_validate(self.model_dump() | changes)
        except ValidationError as error:
            raise ConfigError(_sentences(error)) from error

    def rule_for(self, url: str, caption: str) -> Rule | None:
        """The first rule that matches and is not used up; counts it as used."""
        path = "/" + url.partition("?")[0].partition("://")[2].partition("/")[2]
        for rule in self.rules:
            if (rule.match in path or rule.match in caption) and rule.times != 0:
                if rule.times is not None:
                    rule.times -= 1
                return rule
        return None

    def answer_for(self, method: str, path: str) -> CannedAnswer | None:
        """The first canned answer for this call that is not used up; counts it as used."""
        for answer in self.answers:
            if answer.times and answer.method in (None, method) and re.search(answer.path, path):
                answer.times -= 1
                return answer
        return None


def processing_seconds(rule: Rule | None, default: float) -> float:
    if rule is not None and rule.processing_seconds is not None:
        return rule.processing_seconds
    return default


_TOKENS = TypeAdapter(dict[str, TokenState])
_TOKEN = re.compile(r"IG[\w-]{18,}|\w{4}\.\.\.[\w-]{4}")


def token_states(value: object) -> dict[str, TokenState]:
    """The `tokens` part of a config; its errors never repeat a token."""
    try:
        states = _TOKENS.validate_python(value)
    except ValidationError as error:
        raise ConfigError("tokens: every value must be ok, expired or revoked.") from error
    if not all(_TOKEN.fullmatch(token) for token in states):
        raise ConfigError("tokens: a token begins with IG and has at least 20 characters.")
    return states


def _sentences(error: ValidationError) -> str:
    return " ".join(
        f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}."
        for problem in error.errors()
    )
