"""`/_control/faults`: each kind of fault over real HTTP, and the rules of the script."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from logging.handlers import BufferingHandler
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.instagram import application, misbehaving
from tests.instagram_lab import ACCOUNT, Lab, error_of, serving_instagram
from tests.media import MediaServer, film, picture

LATE = {"call": "publish", "answer": "reset", "effect": "late", "late_seconds": 60}


@pytest.fixture
def photo(media: MediaServer) -> str:
    return media.put("photo.jpg", picture())


@pytest.fixture
def ready(lab: Lab, photo: str) -> str:
    """A container that can be published."""
    container = lab.container(image_url=photo, caption="Dunes")
    lab.advance(3)
    return container


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return film(tmp_path_factory.mktemp("film") / "clip.mp4")


@pytest.fixture
def complaints() -> Iterator[list[logging.LogRecord]]:
    """What the HTTP server finds wrong with the application, as it comes."""
    server, handler = logging.getLogger("uvicorn.error"), BufferingHandler(1000)
    server.addHandler(handler)
    yield handler.buffer
    server.removeHandler(handler)


@pytest.fixture
def quick_lab(tmp_path: Path) -> Iterator[Lab]:
    """Simulated time runs a thousand times faster."""
    with serving_instagram(tmp_path, speed=1000) as lab:
        yield lab


def creation_ids(lab: Lab) -> list[str]:
    return [post["creation_id"] for post in lab.posts()]


def late_threads() -> set[threading.Thread]:
    """Those that wait to let an effect happen."""
    return {thread for thread in threading.enumerate() if "late-effect" in thread.name}


def is_idle(lab: Lab) -> bool:
    """Whether no call is under way."""
    return lab.clock.advance_if_idle(0)


class TestAnswers:
    def test_an_error_comes_back_instead_of_the_effect(self, lab: Lab, ready: str) -> None:
        lab.faults({"call": "publish", "error": [25, 2207050]})

        refused, real = lab.publish(ready), lab.publish(ready)

        assert (refused.status_code, error_of(refused)) == (400, (25, 2207050))
        assert refused.json()["error"]["fbtrace_id"]
        assert real.status_code == 200
        assert [entry["error"] for entry in lab.requests()[-2:]] == [
            {"code": 25, "subcode": 2207050},
            None,
        ]

    def test_a_known_error_has_its_texts_and_its_status(self, lab: Lab, ready: str) -> None:
        lab.faults(
            {"call": "publish", "error": [9, 2207042]},
            {"call": "publish", "error": [4, None]},
            {"call": "publish", "error": [1, None], "http_status": 503, "message": "Oh no"},
        )

        quota, limit, unknown = (lab.publish(ready) for _ in range(3))

        assert quota.json()["error"]["error_user_title"] == "Publishing limit reached"
        assert limit.status_code == 403
        assert (unknown.status_code, unknown.json()["error"]["message"]) == (503, "Oh no")

    def test_a_raw_answer_is_sent_as_it_is(self, lab: Lab) -> None:
        lab.faults(
            {"call": "user", "status": 503, "body": "<p>", "content_type": "text/html"},
            {"call": "user", "body": {"odd": [1]}},
            {"call": "user", "status": 500},
        )

        html, odd, bare = (lab.get("/me") for _ in range(3))

        assert (html.status_code, html.text, html.headers["Content-Type"]) == (
            *(503, "<p>", "text/html"),
        )
        assert (odd.status_code, odd.json()) == (200, {"odd": [1]})
        assert (bare.status_code, bare.content) == (500, b"")

    def test_html_and_nothing_are_answers_too(self, lab: Lab) -> None:
        lab.faults({"call": "user", "answer": "html"}, {"call": "user", "answer": "empty"})

        html, empty = lab.get("/me"), lab.get("/me")

        assert (html.status_code, html.headers["Content-Type"]) == (502, "text/html")
        assert (empty.status_code, empty.content) == (200, b"")

    @pytest.mark.parametrize(
        "fault",
        [
            {"error": [4, 2207051], "http_status": 403, "effect": "first"},
            {"status": 500, "effect": "first"},
            {"answer": "html", "effect": "first"},
            {"answer": "empty", "effect": "first"},
            {"answer": "cut"},
            {"answer": "reset", "effect": "first"},
        ],
        ids=str,
    )
    def test_a_success_may_be_answered_as_if_it_were_none(
        self, lab: Lab, ready: str, fault: dict[str, Any]
    ) -> None:
        lab.faults({"call": "publish", **fault})

        try:
            said = lab.publish(ready).text
        except httpx.TransportError:
            said = ""

        assert creation_ids(lab) == [ready]
        assert lab.posts()[0]["id"] not in said
        assert lab.status(ready) == "PUBLISHED"

    def test_cut_json_is_whole_as_http_and_broken_as_json(self, lab: Lab) -> None:
        lab.faults({"call": "user", "answer": "cut"})

        cut = lab.get("/me", fields="username")
        whole = lab.get("/me", fields="username")

        assert whole.text.startswith(cut.text)
        with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
            cut.json()

    def test_a_success_that_never_was_can_be_cut_too(self, lab: Lab, ready: str) -> None:
        lab.faults({"call": "publish", "answer": "cut", "effect": "never"})

        cut = lab.publish(ready)

        assert (cut.status_code, cut.text[:5], cut.text[-1] == "}") == (200, '{"id"', False)
        assert lab.posts() == []

    def test_a_reset_before_the_effect_leaves_nothing(
        self, lab: Lab, ready: str, complaints: list[logging.LogRecord]
    ) -> None:
        lab.faults({"call": "publish", "answer": "reset"})

        with pytest.raises(httpx.ReadError):  # with FIN in place of RST it is another one
            lab.publish(ready)

        assert lab.posts() == []
        assert lab.requests()[-1]["status"] is None
        assert complaints == []

    def test_a_reset_of_a_connection_that_is_gone_does_no_harm(
        self, fast_lab: Lab, complaints: list[logging.LogRecord]
    ) -> None:
        fast_lab.faults({"call": "user", "answer": "reset", "delay_seconds": 20})

        with pytest.raises(httpx.ReadTimeout):
            fast_lab.http.get("/me", timeout=0.05)

        assert eventually(lambda: is_idle(fast_lab))
        assert complaints == []

    def test_a_server_that_cannot_reset_is_told_so(self, lab: Lab) -> None:
        lab.faults({"call": "user", "answer": "reset"})

        async def ask() -> None:
            served = httpx.ASGITransport(application(lab.instagram))
            async with httpx.AsyncClient(transport=served, base_url="http://localhost") as client:
                await client.get("/me")

        with pytest.raises(RuntimeError, match="serve by uvicorn"):
            asyncio.run(ask())


class TestTime:
    def test_an_effect_may_come_late(self, lab: Lab, ready: str) -> None:
        lab.faults(LATE)
        with pytest.raises(httpx.TransportError):
            lab.publish(ready)

        lab.advance(59)
        before = creation_ids(lab)
        lab.advance(1)
        lab.clock.sleep(0)

        assert before == []
        assert eventually(lambda: creation_ids(lab)) == [ready]

    def test_a_late_effect_is_due_by_itself_at_max_speed(
        self, fast_lab: Lab, media: MediaServer
    ) -> None:
        container = fast_lab.container(image_url=media.put("a.jpg", picture()))
        fast_lab.clock.sleep(4)
        fast_lab.faults(LATE)

        with pytest.raises(httpx.TransportError):
            fast_lab.publish(container)

        assert eventually(lambda: creation_ids(fast_lab)) == [container]
        assert eventually(lambda: is_idle(fast_lab))

    def test_a_late_effect_is_no_second_call(self, lab: Lab, ready: str) -> None:
        lab.faults(LATE)
        with pytest.raises(httpx.TransportError):
            lab.publish(ready)

        lab.advance(61)
        eventually(lab.posts)

        sends = [entry for entry in lab.requests() if entry["path"].endswith("media_publish")]
        assert [(entry["status"], entry["fault"]) for entry in sends] == [(None, 1)]

    def test_a_late_effect_ends_with_the_simulator(
        self, tmp_path: Path, media: MediaServer
    ) -> None:
        before = late_threads()
        with serving_instagram(tmp_path) as lab:
            container = lab.container(image_url=media.put("a.jpg", picture()))
            lab.advance(3)
            lab.faults({**LATE, "late_seconds": 1e6})

            with pytest.raises(httpx.TransportError):
                lab.publish(container)

        assert lab.instagram.describe_posts() == []
        assert eventually(lambda: late_threads() <= before)

    def test_what_is_due_during_a_delay_happens_in_its_order(
        self, fast_lab: Lab, media: MediaServer
    ) -> None:
        container = fast_lab.container(image_url=media.put("a.jpg", picture()))
        fast_lab.clock.sleep(4)
        fast_lab.faults(
            {"call": "publish", "status": 500, "effect": "late", "late_seconds": 5},
            {"call": "user", "delay_seconds": 20},
        )

        with fast_lab.clock.busy():
            begin = fast_lab.clock.now()
            fast_lab.publish(container)
            fast_lab.get("/me")

        [post] = eventually(fast_lab.posts)
        waited = datetime.fromisoformat(post["timestamp"]) - begin
        assert timedelta(seconds=4) < waited < timedelta(seconds=20)

    def test_other_calls_are_answered_while_a_twisted_one_takes_effect(
        self, lab: Lab, media: MediaServer
    ) -> None:
        gate = threading.Event()
        url = media.put("a.jpg", picture(), gate=gate)
        lab.faults({"call": "create", "processing_seconds": 9})

        with ThreadPoolExecutor() as pool:
            creating = pool.submit(lab.container, image_url=url)
            assert media.arrived.wait(10)
            meanwhile = lab.http.get("/me", timeout=5)
            gate.set()

        assert meanwhile.status_code == 200
        assert creating.result()

    def test_a_delay_is_simulated_time(self, quick_lab: Lab) -> None:
        quick_lab.faults({"call": "user", "delay_seconds": 100})
        before = quick_lab.clock.now()

        answer = quick_lab.get("/me")

        assert answer.status_code == 200
        assert (quick_lab.clock.now() - before).total_seconds() >= 100

    def test_a_delay_passes_at_max_speed_too(self, fast_lab: Lab) -> None:
        fast_lab.faults({"call": "user", "delay_seconds": 5})
        before = fast_lab.clock.now()

        fast_lab.get("/me")

        assert (fast_lab.clock.now() - before).total_seconds() >= 5

    def test_silence_ends_with_the_client(self, quick_lab: Lab) -> None:
        quick_lab.faults({"call": "user", "answer": "hang"})

        with pytest.raises(httpx.ReadTimeout):
            quick_lab.http.get("/me", timeout=0.1)

        assert eventually(lambda: is_idle(quick_lab))
        assert quick_lab.get("/me").status_code == 200

    def test_silence_ends_by_itself_at_last(
        self, fast_lab: Lab, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(misbehaving, "_LONGEST_SECONDS", 3)
        fast_lab.faults({"call": "user", "answer": "hang"})
        begin = fast_lab.clock.now()

        with pytest.raises(httpx.ReadError):
            fast_lab.get("/me")

        assert fast_lab.clock.now() - begin >= timedelta(seconds=3)

    def test_bytes_that_never_end_end_with_the_client(self, quick_lab: Lab) -> None:
        quick_lab.faults({"call": "user", "answer": "drip"})

        with quick_lab.http.stream("GET", "/me") as answer:
            parts = [part for part, _ in zip(answer.iter_raw(), range(30), strict=False)]

        said = b"".join(parts)
        assert said.startswith(b'{"id":"179')
        assert said.rstrip().endswith(b'0"'), "it never is a whole object"
        assert eventually(lambda: is_idle(quick_lab))
        assert answer.headers["Content-Type"].startswith("application/json")
        assert quick_lab.get("/me").status_code == 200

    def test_a_dripping_answer_has_taken_effect(self, quick_lab: Lab, media: MediaServer) -> None:
        container = quick_lab.container(image_url=media.put("a.jpg", picture()))
        quick_lab.clock.sleep(4)
        quick_lab.faults({"call": "publish", "answer": "drip"})
        request = quick_lab.http.build_request(
            "POST", f"/{ACCOUNT}/media_publish", data={"creation_id": container}
        )

        answer = quick_lab.http.send(request, stream=True)
        first = next(answer.iter_raw())
        answer.close()

        assert answer.status_code == 200
        assert first.startswith(b"{")
        assert creation_ids(quick_lab) == [container]


class TestContainers:
    def test_one_item_can_be_slow(self, lab: Lab, media: MediaServer, photo: str) -> None:
        slow = media.put("slow.jpg", picture())
        lab.faults({"call": "create", "match": "slow.jpg", "processing_seconds": 100})

        slowly, usual = lab.container(image_url=slow), lab.container(image_url=photo)
        lab.advance(99)

        assert (lab.status(slowly), lab.status(usual)) == ("IN_PROGRESS", "FINISHED")

    @pytest.mark.parametrize("error", [2207076, "Fatal"])
    def test_processing_can_fail(self, lab: Lab, photo: str, error: int | str) -> None:
        lab.faults({"call": "create", "processing_error": error})

        container = lab.container(image_url=photo)
        lab.advance(3)

        answer = lab.get(f"/{container}", fields="status_code,status").json()
        assert answer["status_code"] == "ERROR"
        assert str(error) in answer["status"]

    def test_a_video_can_fail_without_being_fetched(
        self, fast_lab: Lab, media: MediaServer, clip: bytes
    ) -> None:
        url = media.put("v.mp4", clip, "video/mp4")
        fast_lab.faults({"call": "create", "processing_error": 2207082})

        container = fast_lab.container(media_type="REELS", video_url=url)
        fast_lab.clock.sleep(25)

        assert fast_lab.status(container) == "ERROR"
        assert media.asked == []

    def test_a_container_can_expire_early(self, lab: Lab, photo: str) -> None:
        lab.faults({"call": "create", "expires_after_seconds": 30})

        container = lab.container(image_url=photo)
        lab.advance(31)

        assert lab.status(container) == "EXPIRED"
        assert error_of(lab.publish(container)) == (24, 2207008)

    def test_finished_is_no_guarantee(self, lab: Lab, ready: str) -> None:
        lab.faults({"call": "publish", "error": [9007, 2207027], "times": 2})

        answers = [lab.publish(ready).status_code for _ in range(3)]

        assert answers == [400, 400, 200]

    def test_a_container_can_be_invisible_for_some_calls(self, lab: Lab, ready: str) -> None:
        lab.faults({"call": "status", "error": [100, 33], "times": 3})

        looks = [lab.get(f"/{ready}", fields="status_code").status_code for _ in range(4)]

        assert looks == [400, 400, 400, 200]

    def test_containers_can_be_ready_by_looks_instead_of_time(self, lab: Lab, photo: str) -> None:
        lab.config(ready_after_polls=2)

        container = lab.container(image_url=photo)
        lab.advance(3600)

        assert [lab.status(container) for _ in range(3)] == [
            *("IN_PROGRESS", "IN_PROGRESS", "FINISHED"),
        ]


class TestPosts:
    def test_a_lagging_status_is_due_by_itself(self, fast_lab: Lab, media: MediaServer) -> None:
        container = fast_lab.container(image_url=media.put("a.jpg", picture()))
        fast_lab.clock.sleep(4)
        fast_lab.faults({"call": "publish", "status_lag_seconds": 20})

        fast_lab.published(container)

        assert eventually(lambda: is_idle(fast_lab))
        assert fast_lab.status(container) == "PUBLISHED"

    def test_the_status_can_lag_behind_the_post(self, lab: Lab, ready: str) -> None:
        lab.faults({"call": "publish", "status_lag_seconds": 20})

        lab.published(ready)
        at_once = lab.status(ready)
        lab.advance(20)

        assert (at_once, lab.status(ready)) == ("FINISHED", "PUBLISHED")
        assert creation_ids(lab) == [ready]

    def test_a_container_whose_status_lags_is_not_published_twice(
        self, lab: Lab, ready: str
    ) -> None:
        lab.faults({"call": "publish", "status_lag_seconds": 20})
        lab.published(ready)

        again = lab.publish(ready)

        assert error_of(again) == (24, 2207008)

    def test_a_child_can_be_dropped_silently(self, lab: Lab, media: MediaServer) -> None:
        urls = [media.put(f"{n}.jpg", picture((80 + n, 80))) for n in range(3)]
        children = [lab.container(image_url=url, is_carousel_item="true") for url in urls]
        lab.advance(3)
        parent = lab.container(media_type="CAROUSEL", children=",".join(children))
        lab.advance(3)
        lab.faults({"call": "publish", "drop_children": [1]})

        lab.published(parent)

        [post] = lab.posts()
        assert [child["bytes"] for child in post["children"]] == [
            len(media.files[path].body) for path in ("/0.jpg", "/2.jpg")
        ]


class TestThrottle:
    @pytest.mark.parametrize(("code", "status"), [(80002, 400), (4, 403)])
    def test_calls_are_refused_for_a_while(self, lab: Lab, code: int, status: int) -> None:
        lab.config(usage_headers="both", throttle_lengthens_seconds=0)
        lab.faults({"call": "user", "throttle_minutes": 5, "throttle_code": code})

        refused = lab.get("/me")
        lab.advance(299)
        still = lab.get("/me/media")
        lab.advance(2)
        over = lab.get("/me")

        assert (refused.status_code, error_of(refused)) == (status, (code, None))
        business = json.loads(refused.headers["X-Business-Use-Case-Usage"])[ACCOUNT][0]
        assert (business["call_count"], business["estimated_time_to_regain_access"]) == (100, 5)
        assert (error_of(still), over.status_code) == ((code, None), 200)

    def test_calling_all_the_same_lengthens_it(self, lab: Lab) -> None:
        lab.faults({"call": "user", "throttle_minutes": 5})

        for _ in range(5):
            lab.get("/me")
        lab.advance(9 * 60)

        assert error_of(lab.get("/me")) == (80002, None)

    def test_the_allowance_of_an_hour_can_be_used_up(self, lab: Lab) -> None:
        lab.config(calls_per_hour=3, throttle_lengthens_seconds=0)

        statuses = [lab.get("/me").status_code for _ in range(4)]
        lab.advance(3700)

        assert statuses == [200, 200, 200, 400]
        assert lab.get("/me").status_code == 200


class TestTheScript:
    def test_faults_are_taken_in_order_and_used_up(self, lab: Lab) -> None:
        lab.faults(
            {"call": "user", "after": 1, "status": 501, "times": 2},
            {"call": "user", "match": "nobody", "status": 502},
            {"status": 503},
        )

        statuses = [lab.get("/me").status_code for _ in range(4)]

        assert statuses == [503, 501, 501, 200]
        report = lab.http.get("/_control/faults").json()["faults"]
        assert [(line["number"], line["seen"], line["done"]) for line in report] == [
            *((1, 3, 2), (2, 0, 0), (3, 1, 1)),
        ]
        assert report[0] | {"seen": 0, "done": 0} == {
            "call": "user",
            "after": 1,
            "status": 501,
            "times": 2,
            "number": 1,
            "seen": 0,
            "done": 0,
        }

    def test_lines_are_numbered_on(self, lab: Lab) -> None:
        lab.faults({"call": "user", "status": 501})

        answer = lab.faults({"call": "user", "status": 502}, {"call": "user", "status": 503})

        assert [line["number"] for line in answer.json()["faults"]] == [1, 2, 3]

    def test_the_script_has_a_bound(self, lab: Lab) -> None:
        full = lab.faults(*[{"status": 503, "after": 10**6}] * 1000)

        one_more = lab.faults({"status": 503})

        assert (full.status_code, one_more.status_code) == (200, 400)
        assert "at most 1000 lines" in one_more.json()["error"]
        assert len(lab.http.get("/_control/faults").json()["faults"]) == 1000

    def test_a_fault_may_last_until_it_is_taken_back(self, lab: Lab) -> None:
        lab.faults({"call": "user", "status": 503, "times": None})

        during = {lab.get("/me").status_code for _ in range(5)}
        lab.http.delete("/_control/faults")

        assert (during, lab.get("/me").status_code) == ({503}, 200)

    def test_a_reset_ends_all_faults(self, lab: Lab) -> None:
        lab.faults({"status": 503, "times": None})

        lab.http.post("/_control/reset")

        assert lab.get("/me").status_code == 200

    @pytest.mark.parametrize("match", ["photo.jpg", "Dunes"])
    def test_a_publish_is_known_by_what_is_in_it(self, lab: Lab, ready: str, match: str) -> None:
        lab.faults({"call": "publish", "match": match, "status": 500})

        assert lab.publish(ready).status_code == 500

    def test_a_create_is_known_by_its_caption_and_no_other_text(self, lab: Lab, photo: str) -> None:
        lab.faults({"call": "create", "match": "Dunes", "status": 500, "times": None})

        by_caption = lab.post("/me/media", image_url=photo, caption="Dunes, by night")
        by_another = lab.post("/me/media", image_url=photo, alt_text="Dunes")

        assert (by_caption.status_code, by_another.status_code) == (500, 200)

    def test_a_signature_is_nothing_to_know_a_call_by(self, lab: Lab, photo: str) -> None:
        lab.faults({"match": "X-Amz", "status": 500, "times": None})

        container = lab.container(image_url=f"{photo}?X-Amz-Signature=a", caption="Hi")
        lab.advance(3)

        assert lab.publish(container).status_code == 200

    def test_a_carousel_is_known_by_its_items(self, lab: Lab, media: MediaServer) -> None:
        urls = [media.put(name, picture()) for name in ("a.jpg", "b.jpg")]
        children = [lab.container(image_url=url, is_carousel_item="true") for url in urls]
        lab.advance(3)
        parent = lab.container(media_type="CAROUSEL", children=",".join(children))
        lab.faults({"call": "status", "match": "b.jpg", "status": 500, "times": None})

        statuses = [lab.get(f"/{node}").status_code for node in (*children, parent)]

        assert statuses == [200, 500, 500]

    @pytest.mark.parametrize(
        ("call", "method", "path"),
        [
            ("create", "POST", f"/v25.0/{ACCOUNT}/media"),
            ("publish", "POST", "/me/media_publish"),
            ("list", "GET", "/me/media"),
            ("stories", "GET", "/me/stories"),
            ("quota", "GET", "/me/content_publishing_limit"),
            ("user", "GET", f"/{ACCOUNT}"),
            ("media", "GET", "/18000000000000000"),
            ("children", "GET", "/18000000000000000/children"),
            ("comment", "POST", "/18000000000000000/comments"),
            ("comments", "GET", "/18000000000000000/comments"),
            ("search", "GET", "/graph.facebook.com/v25.0/pages/search"),
            ("token", "GET", "/refresh_access_token"),
        ],
    )
    def test_every_kind_of_call_can_be_named(
        self, lab: Lab, call: str, method: str, path: str
    ) -> None:
        lab.faults({"call": call, "status": 599})

        assert lab.http.request(method, path).status_code == 599

    def test_chance_repeats_under_a_seed_whatever_the_order(self, lab: Lab) -> None:
        paths = [f"/1800000000000000{number}" for number in range(8)]

        def drawn(seed: int, order: list[str]) -> dict[str, int]:
            lab.http.post("/_control/reset")
            lab.config(seed=seed)
            lab.faults({"call": "media", "status": 599, "probability": 0.5, "times": None})
            return {path: lab.get(path).status_code for path in order}

        first, reversed_, other = drawn(1, paths), drawn(1, paths[::-1]), drawn(2, paths)

        assert first == reversed_
        assert {*first.values()} == {400, 599}
        assert other != first

    @pytest.mark.parametrize("path", ["/18000000000000000", "/180000000000{:05}"])
    def test_chance_is_drawn_for_each_call_and_each_line(self, lab: Lab, path: str) -> None:
        """Half of the calls, and then a tenth of the others."""
        lab.faults(
            {"call": "media", "status": 598, "probability": 0.5, "times": None},
            {"call": "media", "status": 599, "probability": 0.1, "times": None},
        )

        drawn = [lab.get(path.format(number)).status_code for number in range(200)]

        assert 70 < drawn.count(598) < 130
        assert 1 < drawn.count(599) < 25

    def test_beside_the_faults_nothing_may_be_sent(self, lab: Lab) -> None:
        answer = lab.http.post("/_control/faults", json={"faults": [], "fault": {}})

        assert answer.status_code == 400
        assert "fault" in answer.json()["error"]

    @pytest.mark.parametrize(
        ("fault", "named"),
        [
            ({}, "it does nothing; give one of error"),
            ({"call": "user"}, "it does nothing; give one of error"),
            (
                {"status": 500, "eror": 1},
                "faults.1.eror: There is no such field. Fields of a fault: call",
            ),
            ({"call": "users", "status": 500}, "faults.1.call"),
            ({"error": [1, 2], "status": 500}, "give one of"),
            ({"answer": "html", "body": "x"}, "give one of"),
            ({"effect": "first"}, "it does nothing; give one of error"),
            ({"delay_seconds": 1, "effect": "first"}, "effect goes with error"),
            ({"status": 500, "effect": "late"}, "late_seconds"),
            ({"status": 500, "late_seconds": 5}, "late_seconds"),
            ({"call": "publish", "processing_seconds": 5}, "processing_seconds needs call: create"),
            ({"call": "create", "drop_children": [0]}, "drop_children needs call: publish"),
            ({"status": 500, "http_status": 403}, "http_status goes with error"),
            ({"status": 500, "message": "x"}, "message goes with error"),
            ({"answer": "html", "content_type": "a/b"}, "content_type goes with status or body"),
            ({"status": 503, "throttle_code": 4}, "throttle_code goes with throttle_minutes"),
            ({"status": 204, "body": "x"}, "status 204 has no body"),
            ({"body": "x", "content_type": "a/b\r\nX-More: 1"}, "content_type"),
            ({"body": "x", "content_type": "text/☃"}, "content_type"),
            ({"call": "publish", "drop_children": [-1]}, "drop_children.0"),
            ({"call": "publish", "drop_children": [0], "status": 500}, "effect first or late"),
            ({"call": "create", "processing_seconds": 1, "status": 500}, "effect first or late"),
            ({"delay_seconds": 0}, "it does nothing"),
            ({"throttle_minutes": 0}, "it does nothing"),
            ({"status": 500, "probability": 0}, "probability"),
            ({"status": 500, "times": 0}, "times"),
        ],
        ids=str,
    )
    def test_a_fault_that_makes_no_sense_is_refused_by_name(
        self, lab: Lab, fault: dict[str, Any], named: str
    ) -> None:
        answer = lab.faults({"status": 503}, fault)

        assert answer.status_code == 400
        assert named in answer.json()["error"]
        assert lab.http.get("/_control/faults").json() == {"faults": []}


def eventually(look: Callable[[], Any]) -> Any:
    """What `look` gives once it gives something, within five seconds."""
    pause = threading.Event()
    for _ in range(1000):
        found = look()
        if found:
            return found
        pause.wait(0.005)
    pytest.fail("nothing happened")
