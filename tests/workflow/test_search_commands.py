"""`postwright hashtags` and `location` against a sandbox, and posts that take what they find."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from postwright import clock
from postwright.models import SearchedHashtag
from sandbox.instagram import DEMO_PERSON
from tests.command_line import Done, run
from tests.media import picture
from tests.workflow.workbench import PostGroup, Shot, Workbench

pytestmark = pytest.mark.workbench

SEARCHING_TOKEN = "/ai-social-media/prod/facebook-user-token"  # noqa: S105  a name
SANDHAVEN = "54.09,8.73"

Call = Callable[..., Done]


@pytest.fixture
def without_facebook(bench: Workbench, tmp_path: Path) -> Call:
    """A command in an empty folder, connected to the sandbox."""
    return lambda *arguments: run(*arguments, aws=bench.sandbox.aws, cwd=tmp_path)


@pytest.fixture
def call(bench: Workbench, without_facebook: Call) -> Iterator[Call]:
    """The same for an account that has logged in with Facebook."""
    bench.ssm.put_parameter(Name=SEARCHING_TOKEN, Value=DEMO_PERSON.token, Type="SecureString")
    yield without_facebook
    bench.ssm.delete_parameter(Name=SEARCHING_TOKEN)


def fill_pool(folder: Path, number: int = 40) -> None:
    tags = [{"tag": f"tag{index}"} for index in range(number)]
    path = folder / "content/cache/hashtag-pool.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"version": 1, "tags": tags}))


def hashtags_of(bench: Workbench, group: PostGroup) -> list[str]:
    found = bench.store.description(group.session_id, group.group_id)
    assert found is not None
    return found.hashtags


def remember_searches(bench: Workbench, since: dict[str, datetime], as_of: str | None) -> None:
    """What the account's record tells of searches."""
    ledger = bench.store.search_ledger("default")
    ledger.hashtags = [
        SearchedHashtag(tag=tag, counted=True, since=clock.to_text(at)) for tag, at in since.items()
    ]
    ledger.synced_at = as_of
    bench.store.put_search_ledger("default", ledger)


def test_hashtags_are_measured_kept_in_the_pool_and_count_in_the_budget(
    call: Call, bench: Workbench
) -> None:
    told = call("hashtags", "search", "#Sea", "neverseen", "--add")
    call("hashtags", "pool", "add", "lake")
    document = call("hashtags", "search", "sea", "--stale", "--json").json
    ranked = call("hashtags", "pool", "rank", "--json").json["tags"]
    budget = call("hashtags", "budget", "--json").json
    listed = call("hashtags", "budget").out.splitlines()

    assert told.code == 1
    assert [line.split()[:2] for line in told.out.splitlines()] == [
        ["#sea", "score"],
        ["#neverseen", "No"],
    ]
    assert [found["tag"] for found in document["found"]] == ["sea", "lake"]
    assert (document["refused"], document["error"]) == ([], None)
    scores = {found["tag"]: found["score"] for found in document["found"]}
    assert {tag["tag"]: tag["score"] for tag in ranked} == scores
    assert (budget["used"], budget["open"], budget["free"]) == (2, 0, 28)
    frees_at = clock.from_text(budget["hashtags"][0]["freesAt"])
    assert timedelta(0) < frees_at - bench.clock.now() <= timedelta(days=7, seconds=1)
    assert listed[0] == "2 of 30 used, 28 free"
    assert listed[1].startswith("  #sea  until ")


def test_searching_without_facebook_login_says_what_to_do(
    without_facebook: Call, bench: Workbench
) -> None:
    done = without_facebook("hashtags", "search", "sea")

    assert (done.code, done.out) == (1, "")
    assert "postwright auth login" in done.err
    assert bench.requests() == []


def test_the_budget_tells_what_is_known_where_instagram_cannot_be_asked(
    without_facebook: Call, bench: Workbench
) -> None:
    remember_searches(bench, {}, as_of=None)
    of_nothing = without_facebook("hashtags", "budget")
    now = bench.clock.now()
    since = {"sea": now - timedelta(days=1), "dunes": now - timedelta(days=7, seconds=1)}
    remember_searches(bench, since, as_of=clock.to_text(now))

    known = without_facebook("hashtags", "budget")
    document = without_facebook("hashtags", "budget", "--json")

    assert (of_nothing.code, of_nothing.out) == (1, "0 of 30 used, at most 30 free\n")
    assert "other tools have searched for at any time is not known. Hashtags" in of_nothing.err
    assert (known.code, document.code) == (1, 1)
    assert known.out.splitlines()[0] == "1 of 30 used, at most 29 free"
    assert known.out.splitlines()[1].startswith("  #sea  until ")
    assert f"searched for since {clock.to_text(now)} is not known" in known.err
    assert "postwright auth login" in known.err
    assert document.json["asOf"] == clock.to_text(now)
    assert document.json["error"]["type"] == "TokenInvalidError"
    assert [found["tag"] for found in document.json["hashtags"]] == ["sea"]


def test_hashtags_are_picked_for_a_group_published_and_not_repeated(
    without_facebook: Call, bench: Workbench, tmp_path: Path
) -> None:
    fill_pool(tmp_path)
    group = bench.group(Shot.PHOTO)
    bench.write(group, "DESCRIPTION", "hashtags", [])
    name = f"{group.session_id}/{group.group_id}"

    first = without_facebook("hashtags", "pick", "--for", name, "--json")
    again = without_facebook("hashtags", "pick", "--for", name)

    assert first.code == 0, first.err
    assert first.json["writtenTo"] == name
    assert hashtags_of(bench, group) == first.json["hashtags"]
    assert (again.code, again.out) == (1, "")
    assert "The description has hashtags already: #tag" in again.err
    ended = bench.finished(bench.start(group))
    assert ended.status == "SUCCEEDED", ended.message
    line = " ".join(f"#{tag}" for tag in first.json["hashtags"])
    assert bench.posts()[0]["caption"].endswith(f"\n\n{line}")
    second = without_facebook("hashtags", "pick", "--seed", name, "--json").json
    assert len(set(first.json["hashtags"]) & set(second["hashtags"])) <= 2


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ("publishing", "The group is being published."),
        ("published", "The group is published."),
        ("unconfirmed", "The group may be live; `postwright reconcile` settles that first."),
        ("split", "The group was split into several posts, whose captions hold its hashtags."),
    ],
)
def test_no_hashtags_are_picked_for_a_group_that_a_post_has_or_may_have(
    without_facebook: Call, bench: Workbench, tmp_path: Path, status: str, why: str
) -> None:
    fill_pool(tmp_path)
    group = bench.group(Shot.PHOTO)
    before = hashtags_of(bench, group)
    bench.write(group, "GROUP", "publishStatus", status)

    done = without_facebook(
        "hashtags", "pick", "--for", f"{group.session_id}/{group.group_id}", "--replace"
    )

    assert (done.code, done.out) == (1, "")
    assert done.err == f"{why} Its hashtags stay as they are.\n"
    assert (hashtags_of(bench, group), bench.requests()) == (before, [])


def test_a_caption_that_would_have_too_many_hashtags_is_left_alone(
    without_facebook: Call, bench: Workbench, tmp_path: Path
) -> None:
    fill_pool(tmp_path)
    group = bench.group(Shot.PHOTO, caption=" ".join(f"#word{index}" for index in range(27)))
    before = hashtags_of(bench, group)

    done = without_facebook(
        "hashtags", "pick", "--for", f"{group.session_id}/{group.group_id}", "--replace"
    )

    assert done.code == 1
    assert "there would be 32; Instagram takes 30. Pick at most 3." in done.err
    assert hashtags_of(bench, group) == before


def test_a_place_that_was_found_is_that_of_a_carousel_as_a_whole(
    call: Call, bench: Workbench, tmp_path: Path
) -> None:
    photos = [tmp_path / f"{number}.jpg" for number in range(2)]
    for number, photo in enumerate(photos):
        photo.write_bytes(picture((1080, 1350 - number)))

    told = call("location", "search", "sandhaven", "--near", SANDHAVEN).out.splitlines()
    place = call("location", "search", "lighthouse", "--json").json["places"][0]
    none = call("location", "search", "bakery", "--json")
    done = call("publish", *photos, "--location", place["id"], "--json")

    assert [line.split("  ")[:4] for line in told] == [
        ["900000000000002", "Sandhaven Beach", "Sandhaven, Germany", "0.6 km"],
        ["900000000000001", "Dune Café", "Sandhaven, Germany", "0.7 km"],
    ]
    assert (place["name"], place["km"]) == ("Lighthouse Gallery", None)
    assert (none.code, none.json) == (1, {"places": []})
    assert "No place with coordinates" in none.err
    assert done.json["status"] == "published", done.out
    asked = [
        (entry["parameters"].get("media_type"), entry["parameters"].get("location_id"))
        for entry in bench.requests()
        if entry["method"] == "POST" and entry["path"].endswith("/media")
    ]
    assert sorted(asked, key=str) == [("CAROUSEL", place["id"]), (None, None), (None, None)]
