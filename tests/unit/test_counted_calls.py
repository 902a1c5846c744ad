"""What people do by hand takes its calls from the account's budget, as the workflow does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from postwright import carousel_probe, clock, doctor, locations, publishing, settling
from postwright.cli import auth
from postwright.errors import PublishUncertainError, RateLimitedError
from postwright.graph_search import GraphSearch
from postwright.hashtags import searching, used
from postwright.hashtags.budget import HashtagBudget
from sandbox.instagram import DEMO_PERSON
from tests.unit.core_world import World

pytest_plugins = ("tests.unit.core_fixtures",)

Act = Callable[[World], object]


@pytest.fixture
def world(world: World) -> Iterator[World]:
    """An account that may search, whose calls only our own count tells of."""
    name = f"{world.cloud.prefix}/facebook-user-token"
    world.cloud.put_parameter(name, DEMO_PERSON.token)
    world.lab.config(usage_headers="none")
    yield world
    world.cloud.ssm.delete_parameter(Name=name)


def calls_sent(world: World) -> int:
    return sum(entry["user_agent"] == "postwright" for entry in world.lab.requests())


def calls_counted(world: World) -> int:
    return world.store.ledger("default").calls_made


def use_up_calls(world: World) -> None:
    """So many that not even a post in flight has one left."""
    world.configure(calls_per_hour=100)
    world.app.budgets.count_calls("default", 101)


def probe(world: World) -> object:
    return carousel_probe.probe(world.app, "default")


def examine(world: World) -> object:
    return doctor.examine(world.app, "default")


def search_hashtags(world: World) -> object:
    graph = GraphSearch(world.app.searching("default"))
    return searching.search(HashtagBudget(world.store, "default", graph), graph, ["sea", "dunes"])


def search_places(world: World) -> object:
    return locations.find(GraphSearch(world.app.searching("default")), "sand", None, 10)


def read_last_posts(world: World) -> object:
    return used.sets_before(world.app, "default")


def look_at_login(world: World) -> object:
    return auth.looked_at(world.app, "default")


@pytest.mark.parametrize(
    "act",
    [probe, examine, search_hashtags, search_places, read_last_posts, look_at_login],
)
def test_each_call_that_is_made_is_counted(act: Act, world: World) -> None:
    act(world)

    assert calls_counted(world) == calls_sent(world) > 0


def test_a_call_that_brings_no_answer_is_counted_too(world: World) -> None:
    world.answer({"call": "user", "answer": "reset"})

    examine(world)

    assert calls_counted(world) == calls_sent(world) > 0


@pytest.mark.parametrize("act", [probe, search_hashtags, search_places, read_last_posts])
def test_without_calls_left_nothing_is_sent_and_the_time_is_told(act: Act, world: World) -> None:
    use_up_calls(world)

    with pytest.raises(RateLimitedError) as refused:
        act(world)

    assert calls_sent(world) == 0
    [told] = re.findall(r"Try again after (\S+)\.", refused.value.sentence)
    world.clock.advance((clock.from_text(told) - clock.now()).total_seconds() + 1)
    act(world)
    assert calls_sent(world) > 0


def test_the_doctor_without_calls_left_says_so_and_blames_no_token(world: World) -> None:
    use_up_calls(world)

    [finding] = doctor.examine(world.app, "default", [doctor.token])

    assert (finding.status, calls_sent(world)) == ("problem", 0)
    assert "has used up most of its calls" in finding.sentence
    assert "auth login" not in (finding.fix or "")


def test_a_probe_that_would_not_come_to_its_end_makes_no_container(world: World) -> None:
    world.configure(calls_per_hour=50)
    world.app.budgets.count_calls("default", 30)

    with pytest.raises(RateLimitedError):
        probe(world)

    assert world.store.ledger("default").containers_used == 0


def test_what_a_person_settles_counts_and_is_never_refused(world: World) -> None:
    ref = world.ready_to_publish()
    world.answer({"call": "publish", "answer": "reset"})
    with pytest.raises(PublishUncertainError):
        publishing.publish(world.app, ref, lambda: 30.0)
    found = world.group().attempt
    assert found is not None
    post = world.lab.published(found.container_id)
    world.close(ref, "unconfirmed")
    world.executions.end(ref.job_id, "FAILED")
    use_up_calls(world)
    counted, sent = calls_counted(world), calls_sent(world)

    job = settling.accept(world.app, ref.job_id, post, "anna")

    assert (job.status, job.instagram_post_id) == ("published", post)
    assert (calls_counted(world) - counted, calls_sent(world) - sent) == (1, 1)
