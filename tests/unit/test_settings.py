"""The settings of the functions, read from the environment."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from postwright.settings import Settings


def test_without_any_variable_the_defaults_hold() -> None:
    settings = Settings.from_environment({})

    assert settings.model_dump() == {
        "graph_url": "https://graph.instagram.com/v25.0",
        "table": "postwright",
        "bucket": "postwright-media",
        "ssm_prefix": "/ai-social-media/prod",
        "state_machine_arn": "",
        "carousel_max": 10,
        "on_unknown": "resend",
        "block_hours": 24,
        "image_budget_seconds": 300,
        "video_budget_seconds": 3600,
        "look_price_seconds": 1.4,
        "look_after": "",
        "calls_per_hour": 200,
        "containers_per_day": 400,
        "warn_percent": 80,
        "schedule_max_days": 30,
        "hashtag_pool": "content/cache/hashtag-pool.json",
        "hashtag_count": 5,
        "hashtag_stale_days": 14,
        "presign_seconds": 3600,
        "token_cache_seconds": 300,
        "refresh": "schedule",
        "refresh_min_age_hours": 24,
        "refresh_below_days": 45,
    }


VALUES: dict[str, tuple[str, Any]] = {
    "POSTWRIGHT_GRAPH_URL": ("http://127.0.0.1:8081/v26.0", "http://127.0.0.1:8081/v26.0"),
    "POSTWRIGHT_TABLE": ("posts", "posts"),
    "POSTWRIGHT_BUCKET": ("pictures", "pictures"),
    "POSTWRIGHT_SSM_PREFIX": ("/mine/test", "/mine/test"),
    "POSTWRIGHT_STATE_MACHINE_ARN": ("arn:aws:states:x", "arn:aws:states:x"),
    "POSTWRIGHT_CAROUSEL_MAX": ("20", 20),
    "POSTWRIGHT_ON_UNKNOWN": ("ask", "ask"),
    "POSTWRIGHT_BLOCK_HOURS": ("1.5", 1.5),
    "POSTWRIGHT_IMAGE_BUDGET_SECONDS": ("60", 60),
    "POSTWRIGHT_VIDEO_BUDGET_SECONDS": ("600", 600),
    "POSTWRIGHT_LOOK_PRICE_SECONDS": ("3", 3),
    "POSTWRIGHT_LOOK_AFTER": ("5, 10,20", "5, 10,20"),
    "POSTWRIGHT_CALLS_PER_HOUR": ("60", 60),
    "POSTWRIGHT_CONTAINERS_PER_DAY": ("50", 50),
    "POSTWRIGHT_WARN_PERCENT": ("90", 90),
    "POSTWRIGHT_SCHEDULE_MAX_DAYS": ("7", 7),
    "POSTWRIGHT_HASHTAG_POOL": ("pool.json", "pool.json"),
    "POSTWRIGHT_HASHTAG_COUNT": ("7", 7),
    "POSTWRIGHT_HASHTAG_STALE_DAYS": ("3", 3),
    "POSTWRIGHT_PRESIGN_SECONDS": ("7200", 7200),
    "POSTWRIGHT_TOKEN_CACHE_SECONDS": ("0", 0),
    "POSTWRIGHT_REFRESH": ("cold-start", "cold-start"),
    "POSTWRIGHT_REFRESH_MIN_AGE_HOURS": ("36", 36),
    "POSTWRIGHT_REFRESH_BELOW_DAYS": ("30", 30),
}


def field_of(variable: str) -> str:
    return next(name for name, f in Settings.model_fields.items() if f.alias == variable)


def test_every_setting_is_tried_here() -> None:
    assert {field.alias for field in Settings.model_fields.values()} == VALUES.keys()


@pytest.mark.parametrize("variable", VALUES)
def test_a_variable_sets_its_setting_and_nothing_else(variable: str) -> None:
    text, value = VALUES[variable]
    before = Settings.from_environment({}).model_dump()

    settings = Settings.from_environment({variable: text, "PATH": "/bin", "POSTWRIGHT_OTHER": "1"})

    assert settings.model_dump() == {**before, field_of(variable): value}


@pytest.mark.parametrize("variable", VALUES)
def test_an_empty_variable_counts_as_not_set(variable: str) -> None:
    assert Settings.from_environment({variable: ""}) == Settings.from_environment({})


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("POSTWRIGHT_CAROUSEL_MAX", "1"),
        ("POSTWRIGHT_CAROUSEL_MAX", "21"),
        ("POSTWRIGHT_CAROUSEL_MAX", "ten"),
        ("POSTWRIGHT_ON_UNKNOWN", "retry"),
        ("POSTWRIGHT_IMAGE_BUDGET_SECONDS", "0"),
        ("POSTWRIGHT_VIDEO_BUDGET_SECONDS", "-1"),
        ("POSTWRIGHT_SCHEDULE_MAX_DAYS", "0"),
        ("POSTWRIGHT_PRESIGN_SECONDS", "0"),
        ("POSTWRIGHT_PRESIGN_SECONDS", "604801"),
        ("POSTWRIGHT_LOOK_PRICE_SECONDS", "0"),
        ("POSTWRIGHT_LOOK_AFTER", "5,0"),
        ("POSTWRIGHT_LOOK_AFTER", "5;10"),
        ("POSTWRIGHT_LOOK_AFTER", "5,"),
        ("POSTWRIGHT_TOKEN_CACHE_SECONDS", "-1"),
        ("POSTWRIGHT_TOKEN_CACHE_SECONDS", "5m"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_variable(variable: str, text: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        Settings.from_environment({variable: text})

    assert [problem["loc"] for problem in refusal.value.errors()] == [(variable,)]


def test_all_wrong_variables_are_named_at_once() -> None:
    with pytest.raises(ValidationError) as refusal:
        Settings.from_environment({"POSTWRIGHT_CAROUSEL_MAX": "x", "POSTWRIGHT_ON_UNKNOWN": "x"})

    assert "POSTWRIGHT_CAROUSEL_MAX" in str(refusal.value)
    assert "POSTWRIGHT_ON_UNKNOWN" in str(refusal.value)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("http://127.0.0.1:8081", "http://127.0.0.1:8081/v25.0"),
        ("http://127.0.0.1:8081/", "http://127.0.0.1:8081/v25.0"),
        ("https://graph.instagram.com/v22.0", "https://graph.instagram.com/v22.0"),
        ("https://graph.instagram.com/v22.0/", "https://graph.instagram.com/v22.0"),
        ("http://proxy/instagram", "http://proxy/instagram/v25.0"),
    ],
)
def test_an_origin_without_a_version_gets_the_default_version(given: str, used: str) -> None:
    assert Settings.from_environment({"POSTWRIGHT_GRAPH_URL": given}).graph_url == used


def test_every_setting_says_what_it_is_for() -> None:
    silent = [name for name, field in Settings.model_fields.items() if not field.description]

    assert silent == []


def test_settings_do_not_change() -> None:
    settings = Settings.from_environment({})

    with pytest.raises(ValidationError):
        settings.table = "another"  # type: ignore[misc]  # the point of the test


@pytest.mark.parametrize(
    ("variables", "is_fit"),
    [
        ({"POSTWRIGHT_PRESIGN_SECONDS": "3599"}, False),
        ({"POSTWRIGHT_VIDEO_BUDGET_SECONDS": "3601"}, False),
        ({"POSTWRIGHT_IMAGE_BUDGET_SECONDS": "3601"}, False),
        ({"POSTWRIGHT_PRESIGN_SECONDS": "600", "POSTWRIGHT_VIDEO_BUDGET_SECONDS": "600"}, True),
        ({"POSTWRIGHT_PRESIGN_SECONDS": "7200", "POSTWRIGHT_VIDEO_BUDGET_SECONDS": "7200"}, True),
    ],
)
def test_a_url_outlives_the_processing_of_its_media(
    variables: dict[str, str], is_fit: bool
) -> None:
    if is_fit:
        assert Settings.from_environment(variables)
        return
    with pytest.raises(ValidationError, match="media may be processed"):
        Settings.from_environment(variables)
