"""What the guides show is true: their commands run in their order, in one shell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from postwright.errors import NEVER_IN_A_RUN, PostwrightError
from tests.documents import ROOT, blocks, run_here, serving

CONSOLE = (ROOT / "docs" / "console.md").read_text(encoding="utf-8")
REPLAY = (ROOT / "docs" / "replay.md").read_text(encoding="utf-8")
MARKER = "run against a sandbox"


@pytest.fixture
def origins() -> Iterator[dict[str, str]]:
    with serving() as addresses:
        yield addresses


def control(origins: dict[str, str], what: str) -> list[dict[str, Any]]:
    return list(httpx.get(f"{origins['instagram']}/_control/{what}").json())


def test_the_console_guide_leads_from_a_failed_run_to_one_post(origins: dict[str, str]) -> None:
    said = run_here(origins, "".join(blocks(CONSOLE, MARKER)))

    (cause,) = blocks(CONSOLE, "output: the cause")
    [post] = control(origins, "posts")
    assert without_trace(cause) in without_trace(said)
    assert '"CreateContainers",' in said
    assert said.count('"SUCCEEDED",\n') == 2
    assert said.count(post["permalink"]) == 2
    assert said.endswith("the name is taken\n")
    assert set(made(origins).values()) == {1}


def without_trace(text: str) -> str:
    return re.sub(r'"fbtraceId": "[\w-]+"', "", text)


def made(origins: dict[str, str]) -> Counter[str]:
    """The containers that Instagram made, by what they are made of."""
    creates = [
        request["parameters"]
        for request in control(origins, "requests")
        if (request["method"], request["status"]) == ("POST", 200)
        and request["path"].endswith("/media")
    ]
    sources = ("children", "image_url", "video_url")
    return Counter(next(how[name] for name in sources if name in how) for how in creates)


def test_the_replay_guide_runs(origins: dict[str, str]) -> None:
    run_here(origins, "".join(blocks(REPLAY, MARKER)))

    assert len(control(origins, "posts")) == 1


def test_no_command_of_the_console_guide_is_left_out() -> None:
    assert len(blocks(CONSOLE, MARKER)) == CONSOLE.count("```sh") > 0


def test_the_console_guide_says_what_each_error_wants_and_each_field_means() -> None:
    in_runs = set(PostwrightError.__subclasses__()) - set(NEVER_IN_A_RUN)
    errors = {cls.__name__ for cls in in_runs}
    told = PostwrightError(
        "", code=1, subcode=1, http_status=400, fbtrace_id="A", item="1: a.jpg", call="create"
    )

    missing = [name for name in (errors | told.details().keys()) if f"`{name}`" not in CONSOLE]

    assert missing == []
