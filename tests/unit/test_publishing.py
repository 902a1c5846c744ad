"""The publish call happens at most once, and afterwards the truth is looked for."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from postwright import closing, finishing, looking, publishing
from postwright.clock import from_text
from postwright.errors import (
    AccountBlockedError,
    AlreadyPublishedError,
    AlreadyPublishingError,
    CaptionBusyError,
    ContainerNotReadyError,
    PostwrightError,
    PublishUncertainError,
    QuotaExceededError,
    TokenInvalidError,
    TransientGraphError,
)
from postwright.instagram import PUBLISH_DEADLINE_SECONDS, new_http_client
from postwright.models import Attempt, Container, Ref
from postwright.store import Store
from postwright.tokens import Credentials, Tokens
from sandbox.functions import TIMEOUT_SECONDS
from sandbox.instagram import DEMO_ACCOUNT
from tests.media import picture
from tests.unit.core_world import SESSION, World, attempt, finished
from tests.unit.raw_server import Answer, ok, reset, serving, silence

pytest_plugins = ("tests.unit.core_fixtures",)

ROOT = Path(__file__).resolve().parents[2]


def publish(world: World, ref: Ref, remaining_seconds: float = 30.0) -> dict[str, Any]:
    return publishing.publish(world.app, ref, lambda: remaining_seconds)


def reconcile(world: World, ref: Ref) -> dict[str, Any]:
    return publishing.reconcile(world.app, ref)


def attempt_of(world: World, group_id: str = "g1") -> Attempt:
    found = world.group(group_id).attempt
    assert found is not None
    return found


def has_caption(world: World, ref: Ref, text_of: str | None = None) -> bool:
    """Whether the group of `ref` still holds its caption, seen by the group that is next."""
    caption_hash = world.job(ref).caption_hash or ""
    answer = world.cloud.dynamodb.get_item(
        TableName=world.app.settings.table,
        Key={"PK": {"S": "ACCOUNT#default"}, "SK": {"S": f"SENDING#{text_of or caption_hash}"}},
    )
    return answer.get("Item", {}).get("groupId") == {"S": ref.group_id}


def refusal(code: int, subcode: int | None = None) -> str:
    return json.dumps({"error": {"message": "No.", "code": code, "error_subcode": subcode}})


def unclear(world: World, ref: Ref, *, effect: bool = False, body: str = "") -> None:
    """A publish without a clear answer, whether it took effect or not."""
    world.publish_answers(500, body)
    with pytest.raises(PublishUncertainError):
        publish(world, ref)
    if effect:
        world.lab.published(attempt_of(world, ref.group_id).container_id)


def look_again(world: World, ref: Ref, times: int, pause: float = 30) -> list[str]:
    """What each of so many looks says."""
    said = []
    for _ in range(times):
        world.advance(pause)
        said.append(reconcile(world, ref)["next"])
    return said


class answers_take_time:  # noqa: N801 - it reads as a function
    """Each answer of Instagram comes after `seconds`; `meanwhile` happens before it is read."""

    def __init__(
        self, world: World, seconds: float = 0, meanwhile: Callable[[str], Any] | None = None
    ) -> None:
        self._world, self._seconds, self._meanwhile = world, seconds, meanwhile

    def __enter__(self) -> None:
        def hook(answer: httpx.Response) -> None:
            self._world.advance(self._seconds)
            if self._meanwhile is not None:
                self._meanwhile(answer.request.url.path)

        self._http = new_http_client()
        self._http.event_hooks = {"response": [hook]}
        self._former = self._world.app
        self._world.app = replace(self._former, given_http=self._http)

    def __exit__(self, *_: object) -> None:
        self._world.app = self._former
        self._http.close()


# The four conditions without which a post can be sent twice or a record can be untrue


class TakenOver(Store):
    """A store in which another job takes the group over just before the attempt is opened."""

    def lock_caption(self, ref: Ref, caption_hash: str) -> bool:
        locked = super().lock_caption(ref, caption_hash)
        fence = self.fence(ref.session_id, ref.group_id)
        job = self.job(ref.session_id, ref.job_id)
        assert fence is not None
        assert job is not None
        self.close_group(fence, ref, "failed", {"status": "failed", "phase": "failed"})
        self.claim(fence, job.model_copy(update={"job_id": "another"}))
        return locked


def test_a_job_that_lost_the_group_sends_nothing(world: World) -> None:
    ref = world.ready_to_publish()
    table = world.app.settings.table
    world.app = replace(world.app, store=TakenOver(world.cloud.dynamodb, table))

    with pytest.raises(PublishUncertainError):
        publish(world, ref)

    assert world.posts_sent() == []
    assert world.group().attempt is None
    assert world.group().active_job_id == "another"


def test_a_refusal_that_comes_late_leaves_the_newer_attempt_alone(world: World) -> None:
    ref = world.ready_to_publish()

    def refuse_late(connection: Any, _: threading.Event) -> None:
        world.store.allow_resend(ref, 1)
        second = attempt(ref, seq=2, n=2)
        world.store.open_attempt(ref, second, attempt_of(world))
        connection.sendall(ok(refusal(9007, 2207027), status="400 Bad Request"))

    with serving(refuse_late) as server:
        world.talk_to(server.origin)
        with pytest.raises(ContainerNotReadyError):
            publish(world, ref)

    assert (attempt_of(world).seq, attempt_of(world).state) == (2, "open")
    assert has_caption(world, ref)


def test_a_late_refusal_of_a_resend_leaves_the_next_resend_alone(world: World) -> None:
    ref = world.ready_to_publish()
    unclear(world, ref)
    look_again(world, ref, 5)

    def refuse_late(connection: Any, _: threading.Event) -> None:
        world.store.refuse(ref, 2, n=2)
        third = attempt(ref, seq=3, n=2)
        world.store.open_attempt(ref, third, attempt_of(world))
        connection.sendall(ok(refusal(9007, 2207027), status="400 Bad Request"))

    with serving(refuse_late) as server:
        world.talk_to(server.origin)
        with pytest.raises(ContainerNotReadyError):
            publish(world, ref)

    assert (attempt_of(world).seq, attempt_of(world).n, attempt_of(world).state) == (3, 2, "open")


def test_nothing_is_sent_again_before_the_settle_time_is_over(world: World) -> None:
    ref = world.ready_to_publish()
    unclear(world, ref)

    early = look_again(world, ref, 3, pause=39)
    late = look_again(world, ref, 2, pause=4)

    assert early == ["look", "look", "look"]
    assert late == ["look", "resend"]


def test_a_look_that_began_before_the_settle_time_was_over_does_not_count(world: World) -> None:
    ref = world.ready_to_publish()
    unclear(world, ref)
    look_again(world, ref, 1, pause=60)
    world.advance(59)

    with answers_take_time(world, seconds=2):
        straddling = reconcile(world, ref)

    assert straddling["next"] == "look"
    assert attempt_of(world).state == "open"


# The time fence


def test_the_four_times_of_the_fence_grow() -> None:
    definition = (ROOT / "statemachine" / "publish_post.asl.json").read_text(encoding="utf-8")
    task_timeout = json.loads(definition)["States"]["Publish"]["TimeoutSeconds"]

    fence = (
        PUBLISH_DEADLINE_SECONDS,
        TIMEOUT_SECONDS,
        task_timeout,
        looking.SETTLE_SECONDS,
    )

    assert list(fence) == [15, 30, 45, 120]
    assert publishing.SEND_WITHIN_SECONDS + PUBLISH_DEADLINE_SECONDS < TIMEOUT_SECONDS


@pytest.mark.parametrize(("remaining", "sent"), [(15.1, True), (15.0, False), (0.0, False)])
def test_nothing_is_sent_when_the_function_may_end_before_the_answer(
    world: World, remaining: float, sent: bool
) -> None:
    ref = world.ready_to_publish()

    if sent:
        publish(world, ref, remaining)
    else:
        assert publish(world, ref, remaining)["next"] == "recheck"

    assert len(world.posts_sent()) == sent
    assert attempt_of(world).state == ("published" if sent else "not_published")


class SlowStore(Store):
    """Writing the attempt down takes `seconds`."""

    world: World
    seconds: float

    def open_attempt(self, ref: Ref, attempt: Attempt, previous: Attempt | None) -> None:
        super().open_attempt(ref, attempt, previous)
        self.world.advance(self.seconds)


@pytest.mark.parametrize(("seconds", "sent"), [(4.9, True), (5.1, False)])
def test_nothing_is_sent_long_after_it_was_written_down(
    world: World, seconds: float, sent: bool
) -> None:
    ref = world.ready_to_publish()
    slow = SlowStore(world.cloud.dynamodb, world.app.settings.table)
    slow.world, slow.seconds = world, seconds
    world.app = replace(world.app, store=slow)

    if sent:
        publish(world, ref)
    else:
        assert publish(world, ref)["next"] == "recheck"

    assert len(world.posts_sent()) == sent
    assert attempt_of(world).state == ("published" if sent else "not_published")
    assert has_caption(world, ref) is sent


class SlowTokens(Tokens):
    """Reading the token takes ten seconds."""

    world: World

    def credentials(self, account_id: str) -> Credentials:
        self.world.advance(10)
        return super().credentials(account_id)


def test_a_token_that_is_slow_to_read_does_not_come_between_writing_and_sending(
    world: World,
) -> None:
    ref = world.ready_to_publish()
    slow = SlowTokens(world.cloud.ssm, world.cloud.prefix, 300)
    slow.world = world
    world.app = replace(world.app, tokens=slow)

    publish(world, ref)

    [sent_at] = [
        from_text(entry["time"])
        for entry in world.lab.requests()
        if entry["path"].endswith("/media_publish")
    ]
    late = (sent_at - from_text(attempt_of(world).sent_at)).total_seconds()
    assert late <= publishing.SEND_WITHIN_SECONDS


def test_without_a_token_nothing_is_written_down(world: World) -> None:
    ref = world.ready_to_publish()
    world.app = replace(world.app, tokens=Tokens(world.cloud.ssm, "/nothing/here", 300))

    with pytest.raises(TokenInvalidError, match="auth login"):
        publish(world, ref)

    assert world.group().attempt is None


# Publishing


def test_a_post_is_published_with_the_id_that_instagram_gave(world: World) -> None:
    ref = world.ready_to_publish()

    answer = publish(world, ref)

    [post] = world.lab.posts()
    group = world.group()
    assert answer == {"next": "published", "instagramPostId": post["id"]}
    assert (group.publish_status, group.instagram_post_id) == ("published", post["id"])
    assert attempt_of(world).state == "published"
    assert world.store.media_owner("default", post["id"]) == (SESSION, "g1")
    assert world.job(ref).phase == "publishing"


def test_the_attempt_is_written_down_before_anything_is_sent(world: World) -> None:
    ref = world.ready_to_publish()
    seen: list[Attempt] = []

    def look(connection: Any, _: threading.Event) -> None:
        seen.append(attempt_of(world))
        connection.sendall(ok('{"id": "18000000000000001"}'))

    with serving(look) as server:
        world.talk_to(server.origin)
        publish(world, ref)

    [written] = seen
    job = world.job(ref)
    assert (written.seq, written.n, written.state) == (1, 1, "open")
    assert written.job_id == ref.job_id
    assert written.container_id == job.containers["0"].id
    assert written.caption_hash == job.caption_hash
    assert written.ig_user_id == DEMO_ACCOUNT.user_id


def test_a_second_delivery_after_success_sends_nothing(world: World) -> None:
    ref = world.ready_to_publish()
    first = publish(world, ref)

    assert publish(world, ref) == first
    assert len(world.posts_sent()) == 1


@pytest.mark.parametrize("status", ["publishing", "unconfirmed"])
def test_an_open_attempt_is_looked_into_and_nothing_is_sent(world: World, status: str) -> None:
    ref = world.ready_to_publish()
    unclear(world, ref)
    if status == "unconfirmed":
        world.close(ref, "unconfirmed")

    with pytest.raises(PublishUncertainError, match="has not been settled"):
        publish(world, ref)

    assert len(world.posts_sent()) == 1
    assert (attempt_of(world).seq, attempt_of(world).state) == (1, "open")
    assert world.group().publish_status == "publishing"


class Twin(Store):
    """A store in which another delivery of the step is faster."""

    def open_attempt(self, ref: Ref, attempt: Attempt, previous: Attempt | None) -> None:
        super().open_attempt(ref, attempt, previous)
        super().open_attempt(ref, attempt, previous)


def test_a_delivery_that_loses_the_race_to_open_the_attempt_sends_nothing(world: World) -> None:
    ref = world.ready_to_publish()
    twin = Twin(world.cloud.dynamodb, world.app.settings.table)
    world.app = replace(world.app, store=twin)

    with pytest.raises(PublishUncertainError, match="Another delivery"):
        publish(world, ref)

    assert world.posts_sent() == []


def test_a_group_that_another_job_published_is_left_alone(world: World) -> None:
    ref = world.ready_to_publish()
    publish(world, ref)

    with pytest.raises(AlreadyPublishedError):
        publish(world, ref.model_copy(update={"job_id": "another"}))


def test_a_job_that_was_superseded_never_comes_back(world: World) -> None:
    ref = world.ready_to_publish()
    late = ref.model_copy(update={"job_id": "former"})

    with pytest.raises(AlreadyPublishingError) as raised:
        publish(world, late)

    assert raised.value.job_id == ref.job_id
    assert world.posts_sent() == []


@pytest.mark.parametrize(
    "container",
    [
        None,
        Container(state="finished"),
        Container(state="created", id="1", created_at="2026-01-01T00:00:00Z"),
        Container(state="rejected", id="1"),
        Container(state="finished", id="1", created_at="2026-01-01T00:00:00Z"),
    ],
    ids=["none", "without an id", "not ready", "rejected", "too old"],
)
def test_without_a_live_container_it_is_checked_again_and_nothing_is_sent(
    world: World, container: Container | None
) -> None:
    ref = world.begun(containers={"0": container} if container else {})

    answer = publish(world, ref)

    assert answer == {"next": "recheck", "instagramPostId": None}
    assert world.posts_sent() == []
    assert world.group().attempt is None


def test_a_carousel_publishes_its_parent(world: World) -> None:
    children, parent = world.carousel_on_instagram("Three", 3)
    containers = {str(i): finished(child) for i, child in enumerate(children)}
    containers["parent"] = finished(parent)
    ref = world.begun(kind="carousel", items=3, text="Three", containers=containers)

    publish(world, ref)

    assert world.posts_sent() == [parent]
    [post] = world.lab.posts()
    assert len(post["children"]) == 3


def test_a_post_that_another_group_has_is_published_without_its_id(world: World) -> None:
    ref = world.ready_to_publish()
    other = Ref(session_id=SESSION, group_id="g2", job_id="other")
    assert world.store.claim_media(other, DEMO_ACCOUNT.user_id, "18000000000000001")

    with serving(ok('{"id": "18000000000000001"}')) as server:
        world.talk_to(server.origin)
        answer = publish(world, ref)

    assert answer == {"next": "published", "instagramPostId": None}
    assert world.group().publish_status == "published"
    assert world.store.media_owner("default", "18000000000000001") == (SESSION, "g2")


# Captions


def test_a_second_post_with_the_same_caption_waits_its_turn(world: World) -> None:
    first = world.ready_to_publish("g1")
    second = world.ready_to_publish("g2")
    unclear(world, first)

    with pytest.raises(CaptionBusyError):
        publish(world, second)

    assert len(world.posts_sent()) == 1
    assert world.group("g2").attempt is None


def test_once_the_first_post_is_live_the_second_has_its_turn(world: World) -> None:
    first = world.ready_to_publish("g1")
    second = world.ready_to_publish("g2", text="  Hello\n")
    publish(world, first)
    finishing.record_result(world.app, first)

    publish(world, second)

    assert len(world.lab.posts()) == 2


# Refusals that prove that nothing was published


@pytest.mark.parametrize(
    ("code", "subcode", "expected"),
    [
        (9007, 2207027, ContainerNotReadyError),
        (9, 2207042, QuotaExceededError),
        (25, 2207050, AccountBlockedError),
        (190, None, TokenInvalidError),
        (190, 463, TokenInvalidError),
        (190, 459, AccountBlockedError),
        (10, None, TokenInvalidError),
        (200, None, TokenInvalidError),
        (299, None, TokenInvalidError),
        (368, None, AccountBlockedError),
    ],
)
def test_a_proven_refusal_is_marked_and_opens_the_way_for_another_try(
    world: World, code: int, subcode: int | None, expected: type[PostwrightError]
) -> None:
    ref = world.ready_to_publish()
    world.publish_answers(400, refusal(code, subcode))

    with pytest.raises(expected):
        publish(world, ref)
    refused = attempt_of(world)
    caption_kept = has_caption(world, ref)
    world.store.unblock_account(ref.account_id)
    again = publish(world, ref)

    assert (refused.state, refused.seq, caption_kept) == ("not_published", 1, False)
    assert again["next"] == "published"
    assert (attempt_of(world).seq, attempt_of(world).n) == (2, 1)
    assert len(world.lab.posts()) == 1


class BrokenAfterwards(Store):
    """A store that does not answer once the publish call was made."""

    def claim_media(self, *_: str | Ref) -> bool:
        raise ConnectionError("the table does not answer")


def test_whatever_breaks_after_the_call_leads_to_looking(world: World) -> None:
    ref = world.ready_to_publish()
    broken = BrokenAfterwards(world.cloud.dynamodb, world.app.settings.table)

    with pytest.raises(PublishUncertainError, match="publish step broke"):
        publishing.publish(replace(world.app, store=broken), ref, lambda: 30.0)
    world.advance(30)
    answer = reconcile(world, ref)

    assert (answer["next"], answer["instagramPostId"]) == ("published", world.lab.posts()[0]["id"])
    assert answer["seen"] == {"container": "PUBLISHED", "postsRead": True, "posts": 1, "fit": 1}
    assert len(world.posts_sent()) == 1


def test_a_container_that_is_not_ready_is_refused_by_instagram_itself(world: World) -> None:
    url = world.media.put("a.jpg", picture())
    container = world.lab.container(image_url=url, caption="Hello")
    ref = world.begun(containers={"0": finished(container)})

    with pytest.raises(ContainerNotReadyError):
        publish(world, ref)

    assert attempt_of(world).state == "not_published"


@pytest.mark.parametrize(("by", "status"), [(None, "failed"), ("anna", "cancelled")])
def test_a_refusal_that_arrives_after_its_run_was_closed_settles_it(
    world: World, by: str | None, status: str
) -> None:
    ref = world.ready_to_publish()
    world.publish_answers(400, refusal(9007, 2207027))
    closed = []

    def close(path: str) -> None:
        if path.endswith("/media_publish"):
            if by is None:
                world.executions.end(ref.job_id, "ABORTED")
                closing.close_run(world.app, world.job(ref))
            else:
                closing.cancel(world.app, ref.job_id, by)
            closed.append(world.group().publish_status)

    with answers_take_time(world, meanwhile=close), pytest.raises(ContainerNotReadyError):
        publish(world, ref)

    group = world.group()
    assert closed == ["unconfirmed"]
    assert (group.publish_status, attempt_of(world).state) == ("failed", "not_published")
    assert world.job(ref).status == status
    ends = [one for one in world.app.measures.take() if one.name == "Publishes"]
    assert [one.about["Outcome"] for one in ends] == ["unconfirmed", status]
    assert (group.active_job_id, group.last_job_id) == (
        (ref.job_id, None) if by is None else (None, ref.job_id)
    )
    assert list(world.store.open_jobs()) == []
    world.claim(ref.model_copy(update={"job_id": "next"}))


@pytest.mark.parametrize(("on_quota", "waits"), [("wait", True), ("fail", False)])
def test_a_full_quota_is_waited_for_or_ends_the_run(
    world: World, on_quota: str, waits: bool
) -> None:
    ref = world.ready_to_publish(on_quota=on_quota)
    world.publish_answers(400, refusal(9, 2207042))

    if waits:
        assert publish(world, ref) == {"next": "waitForQuota", "instagramPostId": None}
    else:
        with pytest.raises(QuotaExceededError):
            publish(world, ref)

    assert attempt_of(world).state == "not_published"


def test_a_token_that_was_refused_is_read_anew(world: World) -> None:
    prefix = "/core/refused"
    world.cloud.put_credentials(prefix, "IGAATheTokenThatWasRevokedYesterday")
    world.app = replace(world.app, tokens=Tokens(world.cloud.ssm, prefix, 300))
    ref = world.ready_to_publish()
    with pytest.raises(TokenInvalidError):
        publish(world, ref)

    world.cloud.put_credentials(prefix)

    assert publish(world, ref)["next"] == "published"


# Answers that leave it open


UNCLEAR: dict[str, tuple[bytes | Answer, str]] = {
    "an action block": (ok(refusal(4, 2207051), status="403 Forbidden"), "4/2207051"),
    "an internal error": (ok(refusal(-1, 2207001), status="400 Bad Request"), "-1/2207001"),
    "an unknown error": (ok(refusal(1), status="500 Internal Server Error"), "1/None"),
    "an unknown container": (ok(refusal(24, 2207008), status="400 Bad Request"), "24/2207008"),
    "a call limit": (ok(refusal(4), status="403 Forbidden"), "4/None"),
    "HTML": (ok("<html>", status="502 Bad Gateway", content_type="text/html"), "None/None"),
    "HTML with status 200": (ok("<html>", content_type="text/html"), "None/None"),
    "nothing": (ok(""), "None/None"),
    "cut JSON": (ok('{"id": "180'), "None/None"),
    "success without an id": (ok("{}"), "None/None"),
    "silence": (silence, "None/None"),
    "a reset": (reset, "None/None"),
}


@pytest.mark.parametrize("what", UNCLEAR)
def test_after_an_unclear_answer_the_attempt_stays_open(world: World, what: str) -> None:
    ref = world.ready_to_publish()
    answer, noted = UNCLEAR[what]
    world.clock.haste = 30 if what == "silence" else 1

    with serving(answer) as server:
        world.talk_to(server.origin)
        with pytest.raises(PublishUncertainError):
            publish(world, ref)
        sent_once = server.heads()
        with pytest.raises(PublishUncertainError):
            publish(world, ref)

        assert server.heads() == sent_once
        assert len(sent_once) == 1
    left = attempt_of(world)
    assert (left.state, left.seq, left.answer) == ("open", 1, noted)
    assert has_caption(world, ref)
    assert world.group().publish_status == "publishing"


def test_nobody_listens(world: World) -> None:
    ref = world.ready_to_publish()
    world.talk_to("http://127.0.0.1:9")

    with pytest.raises(PublishUncertainError):
        publish(world, ref)

    assert attempt_of(world).state == "open"


def test_what_was_answered_is_noted_only_while_it_is_still_open(world: World) -> None:
    ref = world.ready_to_publish()

    def settle_meanwhile(connection: Any, _: threading.Event) -> None:
        world.store.succeed(ref, "18000000000000001")
        connection.sendall(ok("", status="500 Internal Server Error"))

    with serving(settle_meanwhile) as server:
        world.talk_to(server.origin)
        with pytest.raises(PublishUncertainError):
            publish(world, ref)

    assert (attempt_of(world).state, attempt_of(world).answer) == ("published", None)


# Looking


def test_a_post_that_is_live_is_found_with_its_id(world: World) -> None:
    ref = world.ready_to_publish()
    unclear(world, ref, effect=True)
    world.advance(30)

    answer = reconcile(world, ref)

    [post] = world.lab.posts()
    assert (answer["next"], answer["instagramPostId"]) == ("published", post["id"])
    assert world.group().instagram_post_id == post["id"]
    assert attempt_of(world).state == "published"


def test_a_post_that_is_live_is_found_also_after_the_run_was_unconfirmed(world: World) -> None:
    ref = world.ready_to_publish()
    unclear(world, ref, effect=True)
    world.close(ref, "unconfirmed")

    answer = reconcile(world, ref)

    assert answer["next"] == "published"
    assert world.group().publish_status == "published"


def test_an_effect_that_comes_late_is_seen(world: World) -> None:
    ref = world.ready_to_publish()
    unclear(world, ref)
    first = look_again(world, ref, 3)

    world.lab.published(attempt_of(world).container_id)

    assert first == ["look", "look", "look"]
    assert look_again(world, ref, 1) == ["published"]
    assert len(world.lab.posts()) == 1


def test_a_post_that_cannot_be_told_from_another_is_live_without_a_link(world: World) -> None:
    ref = world.ready_to_publish()
    twin = world.image_on_instagram("Hello")
    unclear(world, ref, effect=True)
    world.lab.published(twin)

    before = look_again(world, ref, 3)
    after = look_again(world, ref, 2)

    assert before == ["look", "look", "look"]
    assert after == ["published", "published"]
    assert (world.group().publish_status, world.group().instagram_post_id) == ("published", None)


@pytest.mark.parametrize("live_caption", ["Hello, edited", ""])
def test_a_post_with_another_caption_is_not_taken_for_ours(world: World, live_caption: str) -> None:
    container = finished(world.image_on_instagram(live_caption))
    ref = world.begun(text="Hello", containers={"0": container})
    unclear(world, ref, effect=True)

    said = look_again(world, ref, 4)

    assert said == ["look", "look", "look", "published"]
    assert world.group().instagram_post_id is None


def test_white_space_that_instagram_changed_does_not_hide_a_post(world: World) -> None:
    container = finished(world.image_on_instagram("Hello\n\n#dunes"))
    ref = world.begun(text="Hello \r\n\r\n  #dunes", containers={"0": container})
    unclear(world, ref, effect=True)

    assert look_again(world, ref, 1) == ["published"]
    assert world.group().instagram_post_id is not None


def test_a_post_that_belongs_to_another_group_is_not_taken_for_ours(world: World) -> None:
    ref = world.ready_to_publish()
    unclear(world, ref, effect=True)
    [post] = world.lab.posts()
    other = Ref(session_id=SESSION, group_id="g2", job_id="other")
    assert world.store.claim_media(other, DEMO_ACCOUNT.user_id, post["id"])

    said = look_again(world, ref, 4)

    assert said == ["look", "look", "look", "published"]
    assert world.group().instagram_post_id is None


def test_a_post_that_this_group_has_claimed_already_is_still_ours(world: World) -> None:
    ref = world.ready_to_publish()
    unclear(world, ref, effect=True)
    [post] = world.lab.posts()
    assert world.store.claim_media(ref, DEMO_ACCOUNT.user_id, post["id"])

    assert look_again(world, ref, 1) == ["published"]
    assert world.group().instagram_post_id == post["id"]


def test_a_post_from_before_the_container_is_not_ours(world: World) -> None:
    old = world.image_on_instagram("Hello")
    world.lab.published(old)
    world.advance(6 * 60)
    ref = world.ready_to_publish()
    unclear(world, ref)

    said = look_again(world, ref, 5)

    assert said == [*["look"] * 4, "resend"]


def test_a_post_from_long_after_the_sending_is_not_ours(world: World) -> None:
    ref = world.ready_to_publish()
    unclear(world, ref)
    world.advance(16 * 60)
    world.lab.published(world.image_on_instagram("Hello"))

    assert look_again(world, ref, 2) == ["look", "resend"]


def carousel_run(world: World, live_items: int, our_items: int) -> Ref:
    children, parent = world.carousel_on_instagram("Many", live_items)
    containers = {str(i): finished(child) for i, child in enumerate(children[:our_items])}
    containers["parent"] = finished(parent)
    return world.begun(kind="carousel", items=our_items, text="Many", containers=containers)


@pytest.mark.parametrize(("our_items", "found"), [(3, True), (2, False)])
def test_a_carousel_is_ours_only_with_as_many_items(
    world: World, our_items: int, found: bool
) -> None:
    ref = carousel_run(world, 3, our_items)
    unclear(world, ref, effect=True)

    said = look_again(world, ref, 1)

    assert said == (["published"] if found else ["look"])


def test_a_carousel_is_not_taken_for_an_image(world: World) -> None:
    ref = world.ready_to_publish(text="Many")
    _, parent = world.carousel_on_instagram("Many")
    unclear(world, ref)
    world.lab.published(parent)

    assert look_again(world, ref, 5) == [*["look"] * 4, "resend"]


# Sending again


def test_when_nothing_was_published_the_same_container_is_sent_once_more(world: World) -> None:
    ref = world.ready_to_publish()
    unclear(world, ref)
    container = attempt_of(world).container_id
    said = look_again(world, ref, 5)

    answer = publish(world, ref)

    assert said == [*["look"] * 4, "resend"]
    assert answer["next"] == "published"
    assert world.posts_sent() == [container, container]
    assert (attempt_of(world).seq, attempt_of(world).n) == (2, 2)
    assert len(world.lab.posts()) == 1


def test_the_container_is_sent_again_even_when_the_job_has_lost_it(world: World) -> None:
    ref = world.ready_to_publish()
    unclear(world, ref)
    container = attempt_of(world).container_id
    look_again(world, ref, 5)
    world.store.put_container(ref, "0", Container(state="expired", tries=0))

    publish(world, ref)

    assert world.posts_sent() == [container, container]


@pytest.mark.parametrize(
    ("status", "code", "subcode", "error"),
    [
        (400, 190, None, TokenInvalidError),
        (400, 9007, 2207027, ContainerNotReadyError),
        (400, 25, 2207050, AccountBlockedError),
    ],
)
def test_a_refused_resend_proves_nothing_about_the_first_send(
    world: World, status: int, code: int, subcode: int | None, error: type[PostwrightError]
) -> None:
    ref = world.ready_to_publish()
    unclear(world, ref)
    assert look_again(world, ref, 5)[-1] == "resend"
    sent = attempt_of(world)

    world.publish_answers(status, refusal(code, subcode))
    with pytest.raises(error):
        publish(world, ref)

    now = attempt_of(world)
    assert (now.state, now.n, now.container_id) == ("resend_allowed", 1, sent.container_id)
    assert has_caption(world, ref)
    world.store.unblock_account(ref.account_id)
    assert publish(world, ref)["next"] == "published"
    assert len(world.lab.posts()) == 1


def test_a_resend_that_came_too_late_may_be_sent_again(world: World) -> None:
    ref = world.ready_to_publish()
    unclear(world, ref)
    assert look_again(world, ref, 5)[-1] == "resend"

    assert publish(world, ref, remaining_seconds=1)["next"] == "recheck"

    assert attempt_of(world).state == "resend_allowed"
    assert publish(world, ref)["next"] == "published"
    assert len(world.posts_sent()) == 2


def test_a_publish_that_is_always_too_late_ends_the_run(world: World) -> None:
    ref = world.ready_to_publish()
    for _ in range(19):
        assert publish(world, ref, remaining_seconds=1)["next"] == "recheck"

    with pytest.raises(TransientGraphError, match="nothing was sent"):
        publish(world, ref, remaining_seconds=1)

    assert world.posts_sent() == []
    assert attempt_of(world).state == "not_published"


def test_a_resend_that_is_allowed_is_told_again_to_who_asks_again(world: World) -> None:
    ref = world.ready_to_publish()
    unclear(world, ref)
    look_again(world, ref, 5)

    assert look_again(world, ref, 1) == ["resend"]
    assert attempt_of(world).state == "resend_allowed"


def test_after_the_second_sending_there_is_no_third(world: World) -> None:
    ref = world.ready_to_publish()
    unclear(world, ref)
    look_again(world, ref, 5)
    unclear(world, ref)

    said = look_again(world, ref, publishing.LOOKS_MAX - 1)
    with pytest.raises(PublishUncertainError, match="After 10 looks"):
        reconcile(world, ref)

    assert said == ["look"] * 9
    assert len(world.posts_sent()) == 2
    assert (attempt_of(world).n, attempt_of(world).state) == (2, "open")


def test_whoever_asks_for_it_decides_instead_of_a_second_sending(world: World) -> None:
    world.configure(on_unknown="ask")
    ref = world.ready_to_publish()
    unclear(world, ref)

    said = look_again(world, ref, publishing.LOOKS_MAX - 1)
    with pytest.raises(PublishUncertainError, match="Look at the account"):
        reconcile(world, ref)

    assert said == ["look"] * 9
    assert attempt_of(world).state == "open"


def test_a_status_that_lags_behind_a_post_is_waited_for_and_never_leads_to_sending(
    world: World,
) -> None:
    ref = world.ready_to_publish()
    unclear(world, ref)
    world.lab.published(world.image_on_instagram("Hello"))

    said = look_again(world, ref, publishing.LOOKS_MAX - 1)
    with pytest.raises(PublishUncertainError, match="1 posts that fit"):
        reconcile(world, ref)

    assert said == ["look"] * 9
    assert len(world.posts_sent()) == 1


@pytest.mark.parametrize("times", [1, 2])
def test_two_looks_must_be_clear_one_after_the_other(world: World, times: int) -> None:
    ref = world.ready_to_publish()
    unclear(world, ref)
    world.advance(130)
    assert look_again(world, ref, 1) == ["look"]

    unreadable = {"call": "status", "status": 500, "times": times}
    world.answer(unreadable)
    said = look_again(world, ref, times + 2)

    assert said == ["look"] * times + ["look", "resend"]


@pytest.mark.parametrize(
    "answer",
    [
        {"call": "status", "status": 500},
        {"call": "status", "status": 400, "body": refusal(100, 33)},
        {"call": "status", "status": 200, "body": "{}"},
        {"call": "list", "status": 500},
        {"call": "list", "status": 200, "body": ""},
        {"call": "list", "status": 200, "body": "{}"},
        {"call": "list", "status": 200, "body": '{"data": null}'},
        {"call": "list", "status": 400, "body": refusal(80002)},
    ],
    ids=lambda answer: f"{answer['call']} {answer['status']} {answer.get('body', '')}"[:40],
)
def test_a_look_that_sees_nothing_never_counts_as_nothing_published(
    world: World, answer: dict[str, Any]
) -> None:
    ref = world.ready_to_publish()
    unclear(world, ref)
    world.advance(200)
    world.answer({**answer, "times": 99})

    said = look_again(world, ref, 5)

    assert said == ["look"] * 5
    assert attempt_of(world).state == "open"


def test_a_carousel_with_other_items_is_not_ours_but_a_doubt(world: World) -> None:
    ref = carousel_run(world, 2, 2)
    unclear(world, ref)
    _, smaller = world.carousel_on_instagram("Many", 3)
    world.lab.published(smaller)
    world.advance(200)

    assert look_again(world, ref, 5) == ["look"] * 5
    assert len(world.posts_sent()) == 1


def test_a_post_whose_caption_is_not_told_is_a_doubt(world: World) -> None:
    ref = world.ready_to_publish()
    unclear(world, ref)
    stamp = f"{world.lab.clock.now():%Y-%m-%dT%H:%M:%S}+0000"
    row = {"id": "18000000000000009", "media_type": "IMAGE", "timestamp": stamp}
    listed = json.dumps({"data": [{**row, "media_product_type": "FEED"}]})
    world.answer({"call": "list", "body": listed, "times": 99})
    world.advance(200)

    assert look_again(world, ref, 5) == ["look"] * 5


def test_a_container_that_is_published_is_enough_when_the_posts_cannot_be_read(
    world: World,
) -> None:
    ref = world.ready_to_publish()
    unclear(world, ref, effect=True)
    world.answer({"call": "list", "status": 500, "times": 99})

    said = look_again(world, ref, 4)

    assert said == ["look", "look", "look", "published"]
    assert world.group().instagram_post_id is None


def test_a_carousel_whose_items_cannot_be_counted_never_counts_as_absent(world: World) -> None:
    ref = carousel_run(world, 2, 2)
    unclear(world, ref)
    _, twin = world.carousel_on_instagram("Many", 2)
    world.lab.published(twin)
    world.advance(200)
    world.answer({"call": "children", "status": 200, "body": "{}", "times": 99})

    assert look_again(world, ref, 5) == ["look"] * 5


@pytest.mark.parametrize("status", ["ERROR", "EXPIRED", "IN_PROGRESS"])
def test_a_container_in_any_other_state_is_looked_at_to_the_end(world: World, status: str) -> None:
    ref = world.ready_to_publish()
    unclear(world, ref)
    said_of_container = json.dumps({"status_code": status, "status": "x"})
    world.answer({"call": "status", "body": said_of_container, "times": 99})

    said = look_again(world, ref, publishing.LOOKS_MAX - 1)
    with pytest.raises(PublishUncertainError, match=f"container {status}, 0 posts"):
        reconcile(world, ref)

    assert said == ["look"] * 9


def test_a_redrive_looks_anew(world: World) -> None:
    world.configure(on_unknown="ask")
    ref = world.ready_to_publish()
    unclear(world, ref)
    look_again(world, ref, 9)
    with pytest.raises(PublishUncertainError):
        reconcile(world, ref)
    with pytest.raises(PublishUncertainError):
        reconcile(world, ref)

    redriven = ref.model_copy(update={"redrive_count": 1})

    assert look_again(world, redriven, 9) == ["look"] * 9
    with pytest.raises(PublishUncertainError):
        reconcile(world, redriven)


def test_the_looks_of_a_second_attempt_begin_anew(world: World) -> None:
    ref = world.ready_to_publish()
    unclear(world, ref)
    look_again(world, ref, 5)
    unclear(world, ref)

    look_again(world, ref, 1)

    looks = world.job(ref).looks
    assert looks is not None
    assert (looks.seq, looks.count, looks.clear) == (2, 1, 0)


def test_looking_never_sends_anything(world: World) -> None:
    ref = world.ready_to_publish()
    unclear(world, ref)
    before = len(world.lab.requests())

    look_again(world, ref, 4)

    assert {entry["method"] for entry in world.lab.requests()[before:]} == {"GET"}


def test_a_resend_is_not_allowed_when_the_attempt_has_moved_on_meanwhile(world: World) -> None:
    ref = world.ready_to_publish()
    unclear(world, ref)
    world.advance(200)
    look_again(world, ref, 1)

    def late_success(path: str) -> None:
        if path.endswith("/media"):
            world.store.succeed(ref, "18000000000000001")

    with answers_take_time(world, meanwhile=late_success):
        answer = reconcile(world, ref)

    assert answer["next"] == "look"
    assert (attempt_of(world).state, world.group().publish_status) == ("published", "published")
    assert look_again(world, ref, 1) == ["published"]


def test_an_id_that_was_stored_meanwhile_stands(world: World) -> None:
    ref = world.ready_to_publish()
    unclear(world, ref, effect=True)

    def late_success(path: str) -> None:
        if path.endswith("/media"):
            world.store.succeed(ref, "18000000000000001")

    with answers_take_time(world, meanwhile=late_success):
        answer = reconcile(world, ref)

    assert (answer["next"], answer["instagramPostId"]) == ("published", "18000000000000001")


@pytest.mark.parametrize("state", [None, "not_published"])
def test_with_nothing_unproven_there_is_nothing_to_look_for(
    world: World, state: str | None
) -> None:
    ref = world.ready_to_publish()
    if state:
        world.publish_answers(400, refusal(9007, 2207027))
        with pytest.raises(ContainerNotReadyError):
            publish(world, ref)

    assert reconcile(world, ref) == {"next": "resend", "instagramPostId": None}


def test_a_group_that_is_published_is_not_looked_for(world: World) -> None:
    ref = world.ready_to_publish()
    answer = publish(world, ref)
    before = len(world.lab.requests())

    assert reconcile(world, ref) == answer
    assert len(world.lab.requests()) == before


# An action block


def test_after_an_action_block_nothing_is_sent_again(world: World) -> None:
    ref = world.ready_to_publish()
    world.publish_answers(403, refusal(4, 2207051))
    with pytest.raises(PublishUncertainError):
        publish(world, ref)

    said = look_again(world, ref, 4)
    world.advance(30)
    with pytest.raises(AccountBlockedError, match="blocked the publish as spam") as raised:
        reconcile(world, ref)

    assert said == ["look"] * 4
    assert (raised.value.code, raised.value.subcode) == (4, 2207051)
    assert attempt_of(world).state == "open"


def test_a_post_that_is_live_in_spite_of_an_action_block_is_found(world: World) -> None:
    ref = world.ready_to_publish()
    world.publish_answers(403, refusal(4, 2207051))
    with pytest.raises(PublishUncertainError):
        publish(world, ref)
    world.lab.published(attempt_of(world).container_id)

    assert look_again(world, ref, 1) == ["published"]


def test_a_token_that_does_not_let_us_look_is_told_and_read_anew(world: World) -> None:
    ref = world.ready_to_publish()
    unclear(world, ref)
    world.answer({"call": "status", "status": 400, "body": refusal(190)})

    with pytest.raises(TokenInvalidError):
        reconcile(world, ref)

    assert attempt_of(world).state == "open"


# Recording


def test_the_result_has_the_permalink_and_closes_the_job(world: World) -> None:
    ref = world.ready_to_publish()
    publish(world, ref)

    result = finishing.record_result(world.app, ref)

    [post] = world.lab.posts()
    job = world.job(ref)
    assert result == {
        "sessionId": SESSION,
        "groupId": "g1",
        "jobId": ref.job_id,
        "instagramPostId": post["id"],
        "permalink": post["permalink"],
    }
    assert world.group().permalink == post["permalink"]
    assert (job.status, job.phase, job.permalink) == ("published", "published", post["permalink"])
    assert job.progress.completed == job.progress.total == 3
    assert job.finished_at is not None
    assert job.warning is None
    assert not has_caption(world, ref)


def test_a_result_is_recorded_twice_with_the_same_outcome(world: World) -> None:
    ref = world.ready_to_publish()
    publish(world, ref)
    first = finishing.record_result(world.app, ref)

    assert finishing.record_result(world.app, ref) == first


def test_a_permalink_that_cannot_be_read_yet_stays_open(world: World) -> None:
    ref = world.ready_to_publish()
    publish(world, ref)
    world.answer({"call": "media", "status": 400, "body": refusal(100, 33)})

    result = finishing.record_result(world.app, ref)
    later = finishing.record_result(world.app, ref)

    assert result["permalink"] is None
    assert result["instagramPostId"] is not None
    assert later["permalink"] == world.group().permalink is not None


def test_a_post_without_an_id_is_recorded_as_published(world: World) -> None:
    container = finished(world.image_on_instagram("Hello, edited"))
    ref = world.begun(text="Hello", containers={"0": container})
    unclear(world, ref, effect=True)
    look_again(world, ref, 4)

    result = finishing.record_result(world.app, ref)

    assert (result["instagramPostId"], result["permalink"]) == (None, None)
    assert world.job(ref).status == "published"


@pytest.mark.parametrize(
    ("live", "warning"),
    [(3, None), (4, None), (2, "Instagram shows 2 of the 3 items that were sent.")],
)
def test_items_that_instagram_left_out_are_told(
    world: World, live: int, warning: str | None
) -> None:
    ref = carousel_run(world, 3, 3)
    publish(world, ref)
    shown = json.dumps({"data": [{"id": str(number)} for number in range(live)]})
    world.answer({"call": "children", "body": shown})

    finishing.record_result(world.app, ref)

    assert world.job(ref).warning == warning
    assert world.job(ref).status == "published"


def test_items_that_cannot_be_counted_are_no_problem(world: World) -> None:
    ref = carousel_run(world, 2, 2)
    publish(world, ref)
    world.answer({"call": "children", "status": 500})

    finishing.record_result(world.app, ref)

    assert world.job(ref).warning is None
    assert world.job(ref).status == "published"


def test_nothing_secret_is_left_in_the_records(world: World) -> None:
    ref = world.ready_to_publish()
    world.publish_answers(403, json.dumps({"error": {"message": DEMO_ACCOUNT.token, "code": 190}}))
    with pytest.raises(TokenInvalidError):
        publish(world, ref)
    closing.close_run(world.app, world.job(ref))

    items = json.dumps(world.cloud.dynamodb.scan(TableName=world.app.settings.table)["Items"])

    assert DEMO_ACCOUNT.token not in items
    assert not re.search("X-Amz-Signature", items)
