"""Every state of the publish page: looked at by axe, in light and dark, and photographed.

With POSTWRIGHT_PICTURES=docs/pictures the pictures of the documents are made anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from sandbox.instagram import DEMO_ACCOUNT
from sandbox.samples import DEMO_SESSION, SAMPLES_DIR
from tests.command_line import SECONDS, Served, run, serving_sandbox
from tests.web.desk import Desk, quiet
from tests.web.pictures import WIDTHS, developed, look, taken
from tests.web.pipeline import DUNES, SEA, WAVES, Pipeline

NARROWEST, WIDEST = 320, 1600
TRIP, CITY, SUNSET, TEN = DEMO_SESSION.groups
CITY_FILE, SUNSET_FILE = SAMPLES_DIR / "03-city.jpg", SAMPLES_DIR / "08-sunset.mp4"
TRIP_FILES = [SAMPLES_DIR / item.file_name for item in TRIP.media]


class Studio:
    """A sandbox in which a post is brought into each state."""

    def __init__(self, sandbox: Served, browser: Browser, api: httpx.Client, folder: Path) -> None:
        self.sandbox = sandbox
        self.browser = browser
        self.api = api
        self.folder = folder
        self.pipeline = Pipeline(sandbox.aws)

    def group(self, state: str, name: str, files: list[Path], caption: str = "") -> None:
        """A session of that name with one group, and the words of a sample."""
        sample = next((one for one in DEMO_SESSION.groups if one.name == name), TRIP)
        self.pipeline.session(state, "A spring on the coast")
        self.pipeline.group(
            *(state, "group"),
            files,
            name=name,
            caption=caption or sample.caption,
            hashtags=sample.hashtags if not caption else (),
            location_tag=sample.location_tag,
        )

    def start(self, state: str, **more: str) -> str:
        wish = {"sessionId": state, "groupId": "group", **more}
        answer = self.api.post("/api/publish/start", json=wish)
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        return str(answer.json()["jobId"])


def ready(studio: Studio) -> None:
    studio.group("ready", TRIP.name, TRIP_FILES)


def blocked(studio: Studio) -> None:
    wide = studio.folder / "03-panorama.jpg"
    Image.open(SEA).resize((1200, 420)).save(wide)
    studio.group("blocked", TRIP.name, [SEA, DUNES, wide, WAVES])


def scheduled(studio: Studio) -> None:
    studio.group("scheduled", CITY.name, [CITY_FILE])
    studio.start("scheduled", publishAt=studio.sandbox.in_a_day())


def published(studio: Studio) -> None:
    studio.group("published", CITY.name, [CITY_FILE])
    studio.start("published")


def failed(studio: Studio) -> None:
    fault = {"call": "create", "match": "failed/enhanced/07-waves", "error": [352, 2207026]}
    studio.sandbox.script(fault)
    studio.group("failed", TRIP.name, TRIP_FILES)
    studio.start("failed")


def cancelled(studio: Studio) -> None:
    studio.group("cancelled", SUNSET.name, [SUNSET_FILE])
    job_id = studio.start("cancelled", publishAt=studio.sandbox.in_a_day())
    studio.api.post(f"/api/publish/{job_id}/cancel").raise_for_status()


def split(studio: Studio) -> None:
    files = [SAMPLES_DIR / item.file_name for item in TEN.media] + [SEA, DUNES]
    studio.group("split", TEN.name, files)
    post = ("publish", "--session", "split", "--group", "group", "--split")
    assert run(*post, aws=studio.sandbox.aws).code == 0


def unconfirmed(studio: Studio) -> None:
    studio.group("unconfirmed", SUNSET.name, [SUNSET_FILE])
    lose(studio)


def lose(studio: Studio) -> None:
    """Publish it, and let both of its publish calls get lost."""
    studio.sandbox.script({"call": "publish", "answer": "reset", "times": 2})
    studio.start("unconfirmed")


def film_of(studio: Studio, state: str) -> dict[str, str]:
    """A container with the same film and caption, made in the Instagram app."""
    [group] = studio.api.get(f"/api/sessions/{state}/groups").json()["groups"]
    film = {"media_type": "REELS", "video_url": group["media"][0]["url"]}
    given = {"access_token": DEMO_ACCOUNT.token, "caption": group["caption"]}
    made = studio.sandbox.instagram.post("/me/media", data={**given, **film}).json()
    return {"access_token": DEMO_ACCOUNT.token, "creation_id": made["id"]}


def waiting(studio: Studio) -> None:
    studio.group("waiting", CITY.name, [CITY_FILE])
    studio.sandbox.configure(quota_total=len(studio.sandbox.posts()))
    studio.start("waiting", onQuota="wait")


def publishing(studio: Studio) -> None:
    studio.sandbox.configure(video={"seconds": 3_600})
    studio.group("publishing", TRIP.name, TRIP_FILES)
    studio.start("publishing")


def hostile(studio: Studio) -> None:
    name = "<script>alert(1)</script> \u202egpj.exe " + "Donaudampfschiff" * 6
    caption = "ثلاثة أيام على البحر مع الأصدقاء 🌊\n\n#بحر #صيف @postwright.demo\n" + "🏖️" * 40
    studio.group("hostile", name, TRIP_FILES, caption)


STATES: dict[str, tuple[str, Callable[[Studio], None]]] = {
    "unconfirmed": ("Unconfirmed", unconfirmed),
    "ready": ("Ready", ready),
    "blocked": ("Needs a fix", blocked),
    "scheduled": ("Scheduled", scheduled),
    "published": ("Published", published),
    "failed": ("Failed", failed),
    "cancelled": ("Cancelled", cancelled),
    "split": ("Split", split),
    "hostile": ("Ready", hostile),
}
"""How the badge says it, and what leads there."""


@contextmanager
def opened(speed: str, browser: Browser, folder: Path) -> Iterator[Studio]:
    with (
        serving_sandbox("--speed", speed) as served,
        httpx.Client(base_url=served.addresses["app"], trust_env=False, timeout=SECONDS) as api,
    ):
        studio = Studio(served, browser, api, folder)
        studio.pipeline.token("default", "postwright.demo", days_left=52)
        studio.pipeline.token("second", "postwright.second", days_left=6)
        yield studio


@pytest.fixture(scope="module")
def studio(_browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with opened("120", _browser, tmp_path_factory.mktemp("studio")) as studio:
        yield studio


@pytest.fixture
def slow_studio(_browser: Browser, tmp_path: Path) -> Iterator[Studio]:
    """A sandbox in which a video is processed as slowly as in the real world."""
    with opened("1", _browser, tmp_path) as studio:
        yield studio


@pytest.fixture
def brisk_studio(_browser: Browser, tmp_path: Path) -> Iterator[Studio]:
    """A sandbox in which a quarter of an hour is long enough to post something by hand."""
    with opened("20", _browser, tmp_path) as studio:
        yield studio


def at_widths(scheme: str, studio: Studio) -> Iterator[tuple[str, Desk]]:
    for name, width in WIDTHS.items():
        context = studio.browser.new_context(
            viewport={"width": width, "height": 860},
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",
        )
        with context, quiet(Desk(context.new_page(), studio.sandbox.addresses["app"])) as desk:
            yield name, desk


@pytest.mark.parametrize("state", STATES)
def test_a_state(state: str, studio: Studio, pictures: Path) -> None:
    badge, bring = STATES[state]
    bring(studio)
    photographed(state, badge, studio, pictures)


def test_a_run_that_is_under_way(slow_studio: Studio, pictures: Path) -> None:
    publishing(slow_studio)
    photographed("publishing", "Publishing", slow_studio, pictures)


def photographed(state: str, badge: str, studio: Studio, pictures: Path) -> None:
    for scheme in ("light", "dark"):
        for width, desk in at_widths(scheme, studio):
            desk.open(state)
            expect(desk.page.locator(".badge").first).to_have_text(badge)
            if state == "publishing":
                expect(desk.page.locator(".chip").nth(2)).to_contain_text("Processing")
                expect(desk.page.locator(".chip").last).to_have_text("Ready")
            developed(desk.page)
            look(desk.page)
            if scheme == "light":
                settled(state, desk)
                taken(desk.page, pictures / f"page-{state}-{width}.png", clip=True)
            for edge in (NARROWEST, WIDEST):
                desk.page.set_viewport_size({"width": edge, "height": 860})
                look(desk.page)


def settled(state: str, desk: Desk) -> None:
    """Wait until no answer is about to change the card."""
    if state == "published":
        expect(desk.page.locator(".status").first).to_contain_text("cost")
    if state == "publishing":
        with desk.page.expect_response("**/api/publish/status*") as told:
            pass
        told.value.finished()


def asked_first(desk: Desk) -> None:
    desk.open("ready").press(TRIP.name, "Publish")


def looked_at(desk: Desk) -> None:
    desk.open("ready").card(TRIP.name).get_by_role("button", name="Item 2").click()


def without_api(desk: Desk) -> None:
    desk.page.route("**/api/**", lambda route: route.abort())
    desk.open("ready")
    expect(desk.page.get_by_role("button", name="Try now")).to_be_visible()


def all_together(desk: Desk) -> None:
    desk.open("demo")
    expect(desk.page.get_by_role("article")).to_have_count(4)


@pytest.mark.parametrize("show", [all_together, asked_first, looked_at, without_api])
def test_what_is_more_than_a_card(
    show: Callable[[Desk], None], studio: Studio, pictures: Path
) -> None:
    for scheme in ("light", "dark"):
        for width, desk in at_widths(scheme, studio):
            show(desk)
            developed(desk.page)
            look(desk.page)
            name = show.__name__.replace("_", "-")
            if scheme == "light" or show is all_together:
                dark = "-dark" if scheme == "dark" else ""
                taken(desk.page, pictures / f"page-{name}-{width}{dark}.png")


def test_a_post_that_may_be_the_unclear_one(brisk_studio: Studio, pictures: Path) -> None:
    brisk_studio.group("unconfirmed", SUNSET.name, [SUNSET_FILE])
    by_hand = film_of(brisk_studio, "unconfirmed")
    lose(brisk_studio)
    for scheme in ("light", "dark"):
        for width, desk in at_widths(scheme, brisk_studio):
            desk.open("unconfirmed").press(SUNSET.name, "Settle")
            if by_hand:
                brisk_studio.sandbox.instagram.post("/me/media_publish", data=by_hand)
                by_hand = {}
                desk.page.get_by_role("button", name="Look again").click()
            expect(desk.page.get_by_role("button", name="This is the post")).to_be_visible()
            developed(desk.page)
            look(desk.page)
            if scheme == "light":
                taken(desk.page, pictures / f"page-unclear-{width}.png")


def test_a_run_that_waits_for_a_slot(studio: Studio, pictures: Path) -> None:
    waiting(studio)  # the last one, for nobody else has a slot from here on
    photographed("waiting", "Waiting for quota", studio, pictures)
