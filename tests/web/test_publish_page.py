"""The publish page, from a press of a button to the post on the simulated Instagram."""

from __future__ import annotations

import re
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
from tests.web.pipeline import ALT_TEXT, DUNES, SEA, WAVES, Pipeline


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

    desk.open("mixed").press("Trip", "Publish")
    asked = desk.page.get_by_role("dialog")
    for told in ("@postwright.demo", "Carousel, 3 items", re.compile(r"\d+ of \d+ posts used")):
        expect(asked).to_contain_text(told)
    asked.get_by_role("button", name="Publish now").click()
    desk.state("Trip", "Published")
    for told in ("Posted", "took", "cost $0.00"):
        expect(desk.card("Trip").locator(".status")).to_contain_text(told)
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


def test_a_card_shows_what_will_be_posted(desk: Desk, pipeline: Pipeline) -> None:
    pipeline.session("shown")
    pipeline.group(
        *("shown", "all", (WAVES, SEA)),
        name="All",
        caption="First line\n\nThird line",
        hashtags=("sea", "dunes"),
        location_tag="Skagen",
    )

    card = desk.open("shown").card("All")
    tiles = card.get_by_role("button", name=re.compile("^Item"))
    expect(tiles).to_have_count(2)
    expect(tiles.first).to_have_accessible_name("Item 1, video 0:05")
    expect(tiles.first.locator(".mark")).to_have_text("▶ 0:05")
    expect(tiles.last).to_have_accessible_name(f"Item 2, photo, {ALT_TEXT}")
    expect(card.locator(".facts")).to_have_text("Carousel · 2 items · @postwright.demo")
    expect(card.locator(".counts")).to_have_text("35 / 2,200 characters2 / 30 hashtags")
    expect(card).to_contain_text("Location, to set by hand: Skagen")
    card.get_by_text("Alt texts: 1 of 1 photo").click()
    expect(card.locator(".alts")).to_contain_text(ALT_TEXT)

    assert card.locator(".caption").inner_text() == "First line\n\nThird line\n\n#sea #dunes"


def test_the_head_tells_of_each_account_its_posts_and_its_token(
    desk: Desk, pipeline: Pipeline, sandbox: Served
) -> None:
    pipeline.token("second", "postwright.second", days_left=6)
    pipeline.session("head")
    pipeline.group("head", "last", name="Last", caption="Last", account_id="second")
    sandbox.configure(quota_total=1)
    first, second = (desk.page.get_by_label(f"Account {name}") for name in ("default", "second"))

    desk.open("head")
    expect(first).to_contain_text("@postwright.demo")
    expect(first).to_contain_text("token lasts")
    expect(second).to_contain_text("0 of 100 posts in 24 h")
    expect(second.locator(".few")).to_have_text("⚠ token ends in 6\u00a0days")
    desk.publish("Last")
    desk.state("Last", "Published")

    expect(second).to_contain_text("1 of 1 posts in 24 h")
    expect(second.get_by_text("next slot at").locator("time")).to_be_visible()


def test_sessions_and_states_are_chosen_and_a_scheduled_post_waits_for_its_time(
    desk: Desk, pipeline: Pipeline, sandbox: Served
) -> None:
    later = clock.to_text(datetime.now(UTC) + timedelta(days=20))
    for session in ("other", "choice"):
        pipeline.session(session, f"The {session} one")
    pipeline.group("other", "else", name="Else")
    for name in ("Now", "Later"):
        pipeline.group("choice", name.lower(), name=name, caption=name)
    wish = {"sessionId": "choice", "groupId": "later", "publishAt": later}
    with httpx.Client(base_url=sandbox.addresses["app"]) as api:
        assert api.post("/api/publish/start", json=wish).status_code == 202

    desk.open("choice").state("Later", "Scheduled")
    at = desk.card("Later").locator(".status time")
    expect(at).to_have_attribute("datetime", later)
    desk.page.get_by_role("combobox", name="Show").select_option("Under way")
    expect(desk.page.locator("#announcer p").last).to_have_text("1 post shown.")
    expect(desk.card("Now")).to_be_hidden()
    expect(desk.card("Later")).to_be_visible()
    desk.page.get_by_role("combobox", name="Show").select_option("To publish")
    expect(desk.card("Later")).to_be_hidden()
    desk.page.get_by_role("combobox", name="Session").select_option("The other one")
    expect(desk.card("Else")).to_be_visible()
    expect(desk.page.get_by_role("article")).to_have_count(1)
    desk.open("choice").press("Later", "Cancel")

    desk.state("Later", "Cancelled")


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
    expect(desk.card("Film").locator(".chip").first).to_have_text(
        re.compile(r"Processing \d+\s(s of ~|s, usually |min, usually )\d+\ss")
    )
    expect(desk.card("Film").locator(".status")).to_contain_text(re.compile(r"\d of \d steps, \d"))
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
    caption = "<script>document.title=2</script>\n" + "🌊" * 2_200 + "\u202e\u2066"
    pipeline.session("hostile", name)
    pipeline.group("hostile", "words", name=name, caption=caption, location_tag="<b>Here</b>")

    card = desk.open("hostile").page.get_by_role("article")
    expect(card.locator("h2")).to_have_text(name)
    expect(card.locator(".caption")).to_have_text(caption, use_inner_text=False)
    expect(card.locator(".over")).to_have_text("4,436 / 2,200 characters")

    assert desk.page.title() == "Publish · Postwright"
    assert card.locator("script, b").count() == 0
    width = desk.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert width <= 0


def test_a_caption_runs_from_the_right_where_its_script_does(
    desk: Desk, pipeline: Pipeline
) -> None:
    pipeline.session("right")
    pipeline.group("right", "one", name="ثلاثة أيام", caption="ثلاثة أيام على البحر\n\n#sea")

    card = desk.open("right").card("ثلاثة أيام")

    for words in (card.locator("h2"), card.locator(".caption")):
        expect(words).to_have_css("direction", "rtl")
    expect(card.locator(".facts")).to_have_css("direction", "ltr")


def test_the_first_of_two_hundred_groups_need_three_requests(
    desk: Desk, pipeline: Pipeline
) -> None:
    pipeline.session("long")
    for number in range(200):
        pipeline.group("long", f"group-{number:03}")

    desk.open("long")
    expect(desk.card("group-000")).to_be_visible()
    first = [one.partition("?")[0] for one in desk.asked[:3]]

    assert sorted(first) == [
        "GET /api/account",
        "GET /api/sessions",
        "GET /api/sessions/long/groups",
    ]
    assert "GET /api/sessions/long/groups?limit=9" in desk.asked[:3]


def test_between_two_requests_are_two_seconds(
    desk: Desk, pipeline: Pipeline, sandbox: Served
) -> None:
    pipeline.session("pauses")
    pipeline.group("pauses", "one", name="One", caption="Pauses")
    sandbox.configure(image={"seconds": 3_600})
    desk.page.clock.install()
    desk.open("pauses").publish("One")
    desk.state("One", "Publishing")
    desk.page.clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))

    pauses = []
    for _ in range(4):
        with desk.page.expect_response("**/api/publish/status*"):
            pauses.append(let_pass_until_it_asks(desk))

    assert 2_000 <= min(pauses) < 2_500


def let_pass_until_it_asks(desk: Desk) -> int:
    """Milliseconds on the page's clock until its next request."""
    before = len(desk.asked)
    for passed in range(0, 60_000, 100):
        if len(desk.asked) > before:
            return passed
        desk.page.clock.run_for(100)
        desk.page.wait_for_timeout(20)
    raise AssertionError("it asks for nothing")


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
    evidence = desk.page.get_by_role("dialog")
    for told in ("Publish call sent", "ready, not marked as posted", "same caption · fits"):
        expect(evidence).to_contain_text(told)
    expect(evidence.get_by_role("button", name="Nothing was published")).to_be_visible()
    evidence.get_by_role("button", name="This is the post").click()
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
    expect(desk.page.get_by_role("button", name="Publish now")).to_have_css("outline-width", "3px")
    desk.page.keyboard.press("Escape")
    expect(publish).to_be_focused()
    desk.page.keyboard.press("Enter")
    desk.page.keyboard.press("Enter")
    expect(desk.card("Keys").get_by_role("button", name="Cancel")).to_be_focused()
    desk.state("Keys", "Published")

    expect(desk.card("Keys").get_by_role("link", name="View on Instagram")).to_be_focused()
    expect(desk.page.locator("#announcer")).to_contain_text("Keys: Published.")
