"""The publish page while something is missing: the network, the API, the person's sign-in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from sandbox.issuer import PERSON, REFRESH_SECONDS, TOKEN_SECONDS
from tests.command_line import Served, serving_sandbox
from tests.web.desk import Desk, quiet
from tests.web.pictures import WIDTHS, developed, look, taken
from tests.web.pipeline import Pipeline

API = "**/api/**"
HIDE = """hidden => {
  Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Served]:
    with serving_sandbox("--speed", "60", "--sign-in") as served:
        pipeline = Pipeline(served.aws)
        pipeline.session("trouble")
        for name in ("One", "Two", "Three", "Four"):
            pipeline.group("trouble", name.lower(), name=name, caption=name)
        yield served


@pytest.fixture
def desk(sandbox: Served, page: Page) -> Iterator[Desk]:
    """A tab in which nobody is signed in yet."""
    page.clock.install()
    with quiet(Desk(page, sandbox.addresses["app"])) as opened:
        yield opened.open("trouble")


def signed_in(desk: Desk) -> Desk:
    desk.page.get_by_role("button", name="Sign in", exact=True).click()
    desk.page.get_by_role("button", name=f"Sign in as {PERSON}").click()
    expect(desk.card("One")).to_be_visible()
    return desk


def banner(desk: Desk, text: str) -> None:
    expect(desk.page.locator("#banner")).to_contain_text(text)


def no_banner(desk: Desk) -> None:
    expect(desk.page.locator("#banner")).to_be_hidden()


def photographed(desk: Desk, name: str, pictures: Path) -> None:
    """The page as it is, looked at by axe in light and dark."""
    for width in WIDTHS:
        desk.page.set_viewport_size({"width": WIDTHS[width], "height": 860})
        for scheme in ("dark", "light"):
            desk.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            developed(desk.page)
            look(desk.page)
        taken(desk.page, pictures / f"page-{name}-{width}.png")


# Signing in


def test_who_is_not_signed_in_is_asked_to(desk: Desk, pictures: Path) -> None:
    expect(desk.page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()

    photographed(desk, "signed-out", pictures)

    assert desk.asked == []


def test_a_person_signs_in_publishes_and_signs_out(desk: Desk) -> None:
    signed_in(desk)
    expect(desk.page.locator("#person")).to_contain_text(PERSON)
    desk.publish("One")
    desk.state("One", "Published")
    assert desk.page.evaluate("JSON.stringify([localStorage, sessionStorage])").count("ey") == 0

    desk.page.get_by_role("button", name="Sign out").click()

    expect(desk.page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    expect(desk.page.get_by_role("article")).to_have_count(0)


def test_a_reload_signs_in_again_without_asking_and_keeps_the_place(desk: Desk) -> None:
    signed_in(desk)
    desk.page.get_by_label("Show").select_option("open")

    desk.page.reload()

    expect(desk.card("Two")).to_be_visible()
    expect(desk.page.get_by_label("Show")).to_have_value("open")


def test_a_token_that_ended_is_renewed_and_a_sign_in_that_ended_is_asked_for(
    desk: Desk, sandbox: Served
) -> None:
    signed_in(desk)
    sandbox.advance(TOKEN_SECONDS + 1)
    desk.publish("Two")
    desk.state("Two", "Published")

    sandbox.advance(REFRESH_SECONDS + 1)
    desk.publish("Three")

    banner(desk, "You are signed out")
    desk.page.get_by_role("button", name="Sign in again").click()
    expect(desk.page.locator("#person")).to_contain_text(PERSON)
    desk.state("Three", "Ready")


def test_an_answer_of_somebody_elses_sign_in_is_not_used(desk: Desk) -> None:
    desk.page.goto(f"{desk.origin}/?code=stolen&state=another")

    expect(desk.page.get_by_text("was not begun in this tab")).to_be_visible()
    expect(desk.page).to_have_url(f"{desk.origin}/")


# The network and the API


def test_it_says_that_it_is_offline_and_goes_on_by_itself(desk: Desk, pictures: Path) -> None:
    signed_in(desk)
    developed(desk.page)

    desk.page.context.set_offline(True)
    banner(desk, "You are offline. What you see is from")
    photographed(desk, "offline", pictures)
    desk.page.unroute_all(behavior="ignoreErrors")
    desk.page.context.set_offline(False)

    no_banner(desk)


def test_it_opens_without_the_api_asks_ever_more_seldom_and_finds_it_back(desk: Desk) -> None:
    def fail(route: Route) -> None:
        failed.append(route.request.url)
        route.fulfill(status=503, body="Service Unavailable")

    failed: list[str] = []
    desk.page.route(API, fail)
    desk.page.get_by_role("button", name="Sign in", exact=True).click()
    desk.page.get_by_role("button", name=f"Sign in as {PERSON}").click()
    asked = []
    for seconds in (4, 8, 16, 32):
        banner(desk, f"Trying again in {seconds} s.")
        asked.append(len(failed))
        desk.page.clock.fast_forward(1_000 * seconds)
    banner(desk, "Trying again in 60 s.")
    desk.page.unroute(API)
    desk.page.get_by_role("button", name="Try now").click()

    expect(desk.card("One")).to_be_visible()
    no_banner(desk)
    assert asked == sorted(set(asked))


def test_a_start_without_an_answer_may_be_pressed_again(desk: Desk) -> None:
    signed_in(desk)
    desk.page.route("**/api/publish/start", lambda route: route.abort())
    desk.publish("Four")
    expect(desk.card("Four").locator(".note")).to_contain_text("nothing is posted twice")

    desk.page.unroute("**/api/publish/start")
    desk.publish("Four")

    desk.state("Four", "Published")


def test_a_hidden_tab_asks_for_nothing(desk: Desk) -> None:
    signed_in(desk)
    desk.page.evaluate(HIDE, True)
    desk.page.wait_for_load_state("networkidle")
    asked = len(desk.asked)

    desk.page.clock.fast_forward(600_000)
    hidden = len(desk.asked)
    with desk.page.expect_request("**/groups?*"):
        desk.page.evaluate(HIDE, False)

    assert hidden == asked
