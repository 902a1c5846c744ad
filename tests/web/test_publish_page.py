"""The publish page, from a press of a button to the post on the simulated Instagram."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from postwright import clock
from sandbox.instagram import DEMO_ACCOUNT
from tests.command_line import Served, serving_sandbox
from tests.web.desk import Desk, quiet
from tests.web.pipeline import DUNES, SEA, WAVES, Pipeline


@pytest.fixture(scope="module")
def _sandbox() -> Iterator[Served]:
    with serving_sandbox("--speed", "60") as served:
        yield served


@pytest.fixture
def sandbox(_sandbox: Served) -> Served:
    """A sandbox whose Instagram has no posts and its usual habits."""
    _sandbox.reset()
    return _sandbox


@pytest.fixture(scope="module")
def pipeline(_sandbox: Served) -> Pipeline:
    return Pipeline(_sandbox.aws)


@pytest.fixture
def desk(sandbox: Served, page: Page) -> Iterator[Desk]:
    with quiet(Desk(page, sandbox.addresses["app"])) as opened:
        yield opened


def test_a_mixed_carousel_goes_from_the_page_to_the_page_behind_its_permalink(
    desk: Desk, pipeline: Pipeline, sandbox: Served
) -> None:
    pipeline.session("mixed")
    pipeline.group("mixed", "trip", (SEA, WAVES, DUNES), name="Trip", caption="Trip 🌊\n\n#sea")

    desk.open("mixed").publish("Trip")
    desk.state("Trip", "Published")
    with desk.page.expect_popup() as opened:
        desk.card("Trip").get_by_role("link", name="View on Instagram").click()
    post = opened.value

    expect(post.locator(".caption")).to_have_text("Trip 🌊\n\n#sea")
    expect(post.locator(".strip li")).to_have_count(3)
    assert [child["media_type"] for child in sandbox.posts()[0]["children"]] == [
        "IMAGE",
        "VIDEO",
        "IMAGE",
    ]


def test_a_double_click_and_two_tabs_give_one_post(
    desk: Desk, pipeline: Pipeline, sandbox: Served
) -> None:
    pipeline.session("twice")
    pipeline.group("twice", "once", name="Once", caption="Once")
    other = Desk(desk.page.context.new_page(), desk.origin)
    desk.open("twice")
    other.open("twice")

    for tab in (desk, other):
        tab.press("Once", "Publish")
    for tab in (desk, other):
        tab.page.get_by_role("button", name="Publish now").dblclick()
    for tab in (desk, other):
        tab.state("Once", "Published")

    assert [post["caption"] for post in sandbox.posts()].count("Once") == 1
    assert other.errors == []


def test_a_reload_in_the_middle_finds_the_run_where_it_is(
    desk: Desk, pipeline: Pipeline, sandbox: Served
) -> None:
    pipeline.session("reload")
    pipeline.group("reload", "film", (WAVES, SEA), name="Film", caption="Film")
    sandbox.configure(video={"seconds": 200})

    desk.open("reload").publish("Film")
    expect(desk.card("Film").locator(".chip").first).to_contain_text("Processing")
    desk.page.reload()
    expect(desk.card("Film").locator(".chip").first).to_contain_text("Processing")
    expect(desk.card("Film").get_by_role("progressbar")).to_be_visible()
    desk.state("Film", "Published")

    assert "took" in desk.card("Film").inner_text()


def test_what_instagram_refuses_is_named_and_a_retry_publishes_it(
    desk: Desk, pipeline: Pipeline, sandbox: Served
) -> None:
    pipeline.session("refused")
    pipeline.group("refused", "pair", (SEA, DUNES), name="Pair", caption="Pair")
    sandbox.script({"call": "create", "match": "01-dunes", "error": [36003, 2207009]})

    desk.open("refused").publish("Pair")
    desk.state("Pair", "Failed")
    card = desk.card("Pair")
    failed = card.locator('[data-state="failed"]')
    told = card.locator(".status .bad")
    expect(told).to_have_count(2)
    expect(told.first).to_have_text("1 of 2 items cannot be published, so nothing was.")
    expect(told.last).to_contain_text("2: 01-dunes.jpg")
    expect(told.last).to_contain_text("aspect ratio")
    expect(failed).to_have_count(1)
    card.get_by_text("Details").click()
    expect(card.locator("details").first).to_contain_text("fbtrace_id")
    expect(card.locator("details").first).to_contain_text("cost $0.00")
    desk.press("Pair", "Retry")
    expect(card.locator(".note")).to_contain_text("The same run goes on.")
    desk.state("Pair", "Published")

    assert [post["caption"] for post in sandbox.posts()].count("Pair") == 1


def test_a_problem_stands_at_its_item_and_keeps_the_button_from_working(
    desk: Desk, pipeline: Pipeline, tmp_path: Path
) -> None:
    wide = tmp_path / "wide.jpg"
    Image.new("RGB", (1200, 400), "teal").save(wide)
    pipeline.session("wrong")
    pipeline.group("wrong", "pair", (SEA, wide), name="Pair")

    desk.open("wrong").state("Pair", "Needs a fix")
    card = desk.card("Pair")
    button = card.get_by_role("button", name="Publish", exact=True)
    button.click(force=True)

    expect(card.locator(".problems .bad")).to_contain_text("2: wide.jpg")
    expect(card.locator('[data-state="failed"] .chip')).to_have_text("Needs a fix")
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(button).to_have_accessible_description("Fix 1 problem first.")
    expect(desk.page.get_by_role("dialog")).to_have_count(0)


def test_a_full_quota_offers_to_wait_for_a_slot(
    desk: Desk, pipeline: Pipeline, sandbox: Served
) -> None:
    pipeline.session("full")
    for name in ("First", "Second"):
        pipeline.group("full", name.lower(), name=name, caption=name)
    sandbox.configure(quota_total=0)

    desk.open("full").publish("First")
    refused = desk.card("First").locator(".note")
    expect(refused).to_contain_text("Try again later")
    expect(refused.locator("time").first).to_be_visible()
    heard = desk.page.locator("#announcer p").last
    expect(heard).to_contain_text("Try again later")
    expect(heard.locator("time").first).to_be_attached()
    expect(desk.page.locator("#accounts")).to_contain_text("0 of 0 posts")
    desk.press("First", "Publish")
    desk.page.get_by_role("button", name="Publish when a slot frees").click()
    desk.state("First", "Waiting for quota")
    desk.press("First", "Cancel")

    desk.state("First", "Cancelled")


def test_hostile_words_are_words(desk: Desk, pipeline: Pipeline) -> None:
    name = '<img src=x onerror="document.title=1"> \u202egpj.exe'
    caption = "<script>document.title=2</script>\n" + "🌊" * 1_000 + "\u202e\u2066"
    pipeline.session("hostile", name)
    pipeline.group("hostile", "words", name=name, caption=caption, location_tag="<b>Here</b>")

    card = desk.open("hostile").page.get_by_role("article")
    expect(card.locator("h2")).to_have_text(name)
    expect(card.locator(".caption")).to_have_text(caption, use_inner_text=False)

    assert desk.page.title() == "Publish · Postwright"
    assert card.locator("script, b").count() == 0
    width = desk.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert width <= 0


def test_one_request_asks_for_all_that_runs_and_none_when_nothing_does(
    desk: Desk, pipeline: Pipeline, sandbox: Served
) -> None:
    pipeline.session("many")
    for name in ("A", "B", "C"):
        pipeline.group("many", name, name=name, caption=f"Many {name}")
    sandbox.configure(image={"seconds": 120})
    desk.page.clock.install()

    desk.open("many")
    for name in ("A", "B", "C"):
        desk.publish(name)
        desk.state(name, "Publishing")
    begun = len(desk.asked)
    for name in ("A", "B", "C"):
        desk.state(name, "Published")
        expect(desk.card(name).locator(".status")).to_contain_text("cost $0.00")
    asked = [one for one in desk.asked[begun:] if "/status" in one]
    settled = len(desk.asked)
    desk.page.clock.fast_forward(3_600_000)
    desk.page.wait_for_load_state("networkidle")

    assert asked
    assert {one.split("?")[0] for one in asked} == {"GET /api/publish/status"}
    assert asked[0].count("%2C") == 2
    assert len(desk.asked) == settled


def test_one_request_of_fifty_asks_in_turn_where_more_run(
    desk: Desk, pipeline: Pipeline, sandbox: Served
) -> None:
    pipeline.session("crowd")
    names = [f"group-{number:02}" for number in range(55)]
    later = clock.to_text(datetime.now(UTC) + timedelta(days=20))
    with httpx.Client(base_url=sandbox.addresses["app"]) as api:
        for name in names:
            pipeline.group("crowd", name, caption=f"Crowd {name}")
            wish = {"sessionId": "crowd", "groupId": name, "publishAt": later}
            assert api.post("/api/publish/start", json=wish).status_code == 202

    desk.open("crowd")
    while desk.page.locator("article").count() < len(names):
        desk.page.locator("article").last.scroll_into_view_if_needed()
        desk.page.wait_for_timeout(50)
    for _ in range(3):
        with desk.page.expect_request("**/api/publish/status*") as told:
            pass
        assert told.value.response().status == 200  # type: ignore[union-attr]  # it came
    asked = [one for one in desk.asked if "/publish/status" in one][-3:]

    jobs = [one.partition("jobs=")[2].split("%2C") for one in asked]
    assert [len(some) for some in jobs] == [50, 50, 50]
    assert len({job for some in jobs for job in some}) == len(names)


def test_an_unclear_publish_is_settled_with_the_post_that_a_person_names(
    desk: Desk, pipeline: Pipeline, sandbox: Served
) -> None:
    unclear(desk, pipeline, sandbox, "named")
    made_by_hand(desk, sandbox, "named")

    desk.press("Unclear", "Settle")
    desk.page.get_by_role("button", name="This is the post").click()
    desk.state("Unclear", "Published")

    link = desk.card("Unclear").get_by_role("link", name="View on Instagram")
    assert link.get_attribute("href") == sandbox.posts()[0]["permalink"]


def test_an_unclear_publish_of_which_nothing_is_live_is_published_again(
    desk: Desk, pipeline: Pipeline, sandbox: Served
) -> None:
    unclear(desk, pipeline, sandbox, "nothing")

    desk.press("Unclear", "Settle")
    expect(desk.page.get_by_role("dialog")).to_contain_text("No post of the account looks like it")
    desk.page.get_by_role("button", name="Nothing was published").click()
    desk.state("Unclear", "Failed")
    desk.press("Unclear", "Retry")
    desk.state("Unclear", "Published")

    assert len(sandbox.posts()) == 1


def unclear(desk: Desk, pipeline: Pipeline, sandbox: Served, session_id: str) -> None:
    """A post whose publish call is lost, twice."""
    pipeline.session(session_id)
    pipeline.group(session_id, "lost", name="Unclear", caption=f"Lost: {session_id}")
    sandbox.script({"call": "publish", "answer": "reset", "times": 2})
    desk.open(session_id).publish("Unclear")
    desk.state("Unclear", "Unconfirmed")


def made_by_hand(desk: Desk, sandbox: Served, session_id: str) -> None:
    """Somebody posts the same in the Instagram app meanwhile."""
    photo = desk.card("Unclear").locator("img").get_attribute("src") or ""
    given = {"access_token": DEMO_ACCOUNT.token, "caption": f"Lost: {session_id}"}
    made = sandbox.instagram.post("/me/media", data={**given, "image_url": photo})
    sandbox.advance(60)
    wish = {**given, "creation_id": made.json()["id"]}
    sandbox.instagram.post("/me/media_publish", data=wish).raise_for_status()


def test_everything_can_be_done_with_the_keyboard(desk: Desk, pipeline: Pipeline) -> None:
    pipeline.session("keys")
    pipeline.group("keys", "one", name="Keys", caption="Keys")
    desk.open("keys").state("Keys", "Ready")
    publish = desk.card("Keys").get_by_role("button", name="Publish", exact=True)
    publish.focus()

    desk.page.keyboard.press("Enter")
    expect(desk.page.get_by_role("button", name="Publish now")).to_be_focused()
    desk.page.keyboard.press("Escape")
    expect(publish).to_be_focused()
    desk.page.keyboard.press("Enter")
    desk.page.keyboard.press("Enter")
    expect(desk.card("Keys").get_by_role("button", name="Cancel")).to_be_focused()
    desk.state("Keys", "Published")

    expect(desk.card("Keys").get_by_role("link", name="View on Instagram")).to_be_focused()
    expect(desk.page.locator("#announcer")).to_contain_text("Keys: Published.")
