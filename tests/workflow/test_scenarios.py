"""Whole runs of the real workflow, with the real functions, against the simulated Instagram.

Each row says what is published, what Instagram and people do meanwhile, which states the run visits
in which order, and what it leaves behind. The states are written out on purpose: whoever changes
the workflow sees here what else changes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

import pytest

from sandbox.instagram.accounts import DEMO_ACCOUNT
from tests.workflow.workbench import PostGroup, Run, Shot, Workbench, hashes_of

PHOTO, CLIP, WIDE = Shot.PHOTO, Shot.CLIP, Shot.WIDE
NEW_TOKEN = "IGAASandboxTokenAfterANewLogin0002"  # noqa: S105  worth nothing

BEGIN = ["LoadPost", "HowToBegin", "CheckQuota", "HasQuota"]
WAIT_FOR_QUOTA = ["WaitForQuota", "CheckQuota", "HasQuota"]
LOOK = ["WaitForContainers", "CheckStatus", "WhatNext"]
REFUSED = ["WaitForContainers", "CheckStatus"]
END = ["WhatHappened", "RecordResult", "PostPublished"]
PUBLISH = ["Publish", *END]
LOOK_FOR_POST = ["WaitBeforeReconcile", "ReconcilePublish", "WhatIsTrue"]


def create(items: int) -> list[str]:
    """The Map, with one visit of its inner state per item."""
    return ["CreateContainers", *["CreateContainer"] * items]


Act = Callable[[Workbench, PostGroup, str], None]


@dataclass(frozen=True)
class Meanwhile:
    """What happens while the run waits in `state` and time stands still."""

    state: str
    act: Act


@dataclass(frozen=True)
class Scenario:
    """`sends` counts publish calls at Instagram. `says` are parts of the message that the job keeps.

    `again` makes the cause go away; a new run must then publish the group.
    """

    name: str
    shots: Sequence[Shot]
    visits: Sequence[str]
    how: Literal["api", "console"] = "api"
    options: Mapping[str, Any] = field(default_factory=dict)
    instagram: Mapping[str, Any] = field(default_factory=dict)
    published_before: int = 0
    meanwhile: Meanwhile | None = None
    ends: str = "SUCCEEDED"
    group: str = "published"
    phase: str = "published"
    error: str | None = None
    says: Sequence[str] = ()
    sends: int = 1
    again: Act | None = None
