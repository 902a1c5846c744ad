"""What the doctor finds: an account in order, and each thing that can be wrong with it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace

import boto3
import pytest

from postwright import clock, doctor, logins
from postwright.doctor import Finding
from postwright.media import MediaBucket
from postwright.models import Block, TokenFacts, now_text
from postwright.tokens import Tokens
from sandbox.instagram import DEMO_ACCOUNT, SECOND_ACCOUNT
from tests.unit.core_world import Cloud, World, attempt
from tests.unit.raw_server import ok, serving

pytest_plugins = ("tests.unit.core_fixtures",)

SCOPES = ["instagram_business_basic", "instagram_business_content_publish"]
DAY = 86_400


@pytest.fixture
def patient(world: World, request: pytest.FixtureRequest) -> World:
    """A world whose account was stored by a login, in a folder of its own."""
    prefix = f"/doctor/{abs(hash(request.node.name))}"
    world.app = replace(world.app, tokens=Tokens(world.cloud.ssm, prefix, 300))
    log_in(world)
    return world


def log_in(world: World, token: str = DEMO_ACCOUNT.token, **changes: object) -> TokenFacts:
    known = {
        "login": "instagram",
        "user_id": DEMO_ACCOUNT.user_id,
        "username": DEMO_ACCOUNT.username,
        "scopes": SCOPES,
        "issued_at": now_text(),
        "expires_at": clock.to_text(clock.in_seconds(60 * DAY)),
        "parameter_version": 0,
        **changes,
    }
    facts = TokenFacts.model_validate(known)
    return logins.store_login(world.app, "default", token, searching=None, facts=facts)


def findings(world: World, account_id: str = "default") -> dict[str, Finding]:
    """Findings by their check; of several of one check the worst."""
    order = ("ok", "warning", "problem")
    found = sorted(doctor.examine(world.app, account_id), key=lambda f: order.index(f.status))
    return {finding.check: finding for finding in found}


def not_ok(world: World, account_id: str = "default") -> dict[str, tuple[str, str]]:
    return {
        name: (finding.status, f"{finding.sentence} {finding.fix}")
        for name, finding in findings(world, account_id).items()
        if finding.status != "ok"
    }


def test_an_account_in_order_has_no_problem_in_any_check(patient: World) -> None:
    found = findings(patient)

    assert {name: f.status for name, f in found.items()} == {
        check.__name__: "ok" for check in doctor.CHECKS
    }
    assert "60 more days" in found["token_life"].sentence


def test_it_shows_no_token_and_no_signature(
    patient: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    patient.upload("a.jpg")

    findings = [finding.to_json() for finding in doctor.examine(patient.app, "default")]

    said = f"{findings} {caplog.text}"
    assert "a.jpg" in caplog.text
    assert DEMO_ACCOUNT.token not in said
    assert "X-Amz" not in said


def test_missing_parameters_are_named_and_what_needs_no_token_is_still_checked(
    patient: World,
) -> None:
    found = not_ok(patient, "shop")

    assert found.keys() == {"parameters"}
    status, text = found["parameters"]
    assert status == "problem"
    assert "/shop/instagram-access-token" in text
    assert "`postwright auth login --account shop`" in text
    assert findings(patient, "shop").keys() == {
        "parameters",
        "unconfirmed_posts",
        "action_block",
        "bucket",
    }


def test_a_token_that_lies_open_is_told(patient: World) -> None:
    name = patient.app.tokens.name("open", "instagram-access-token")
    patient.cloud.ssm.put_parameter(Name=name, Value=DEMO_ACCOUNT.token, Type="String")
    patient.cloud.put_parameter(
        patient.app.tokens.name("open", "instagram-user-id"), DEMO_ACCOUNT.user_id
    )

    assert "SecureString" in not_ok(patient, "open")["parameters"][1]


def test_a_revoked_token_is_a_problem_and_its_consequences_are_not_repeated(
    patient: World,
) -> None:
    patient.lab.config(tokens={DEMO_ACCOUNT.token: "revoked"})

    found = not_ok(patient)

    assert found.keys() == {"token"}
    assert "postwright auth login" in found["token"][1]


def test_a_token_that_is_none_is_told_without_showing_it(patient: World) -> None:
    log_in(patient, "an-app-secret-perhaps")

    status, text = not_ok(patient)["login"]

    assert status == "problem"
    assert "an-app-secret-perhaps" not in text


def test_the_graph_of_facebook_is_no_setting(patient: World) -> None:
    patient.configure(graph_url="https://graph.facebook.com/v25.0")
    visit = doctor.Visit(patient.app, "default")

    (found,) = doctor.login(visit)

    assert found.status == "problem"
    assert "by themselves" in str(found.fix)


def test_a_user_id_of_another_account_is_a_problem(patient: World) -> None:
    log_in(patient, user_id=SECOND_ACCOUNT.user_id)

    text = not_ok(patient)["user_id"][1]

    assert DEMO_ACCOUNT.user_id in text
    assert SECOND_ACCOUNT.user_id in text


@pytest.mark.parametrize("name", ["me", DEMO_ACCOUNT.app_scoped_id])
def test_every_id_that_leads_to_the_account_is_fine(patient: World, name: str) -> None:
    log_in(patient, user_id=name)

    assert findings(patient)["user_id"].status == "ok"


def test_a_personal_account_is_a_problem(patient: World) -> None:
    body = f'{{"user_id": "{DEMO_ACCOUNT.user_id}", "username": "me", "account_type": "PERSONAL"}}'
    with serving(ok(body)) as server:
        patient.talk_to(server.origin)
        visit = doctor.Visit(patient.app, "default")

        found = [*doctor.token(visit), *doctor.account_type(visit)]

    assert [finding.status for finding in found] == ["ok", "problem"]
    assert "professional" in str(found[1].fix)


def test_a_permission_that_was_unticked_is_named(patient: World) -> None:
    log_in(patient, scopes=SCOPES[:1])

    assert SCOPES[1] in not_ok(patient)["permissions"][1]


def test_permissions_that_nobody_noted_are_tried(patient: World) -> None:
    log_in(patient, scopes=[])
    patient.lab.config(tokens={DEMO_ACCOUNT.token: {"scopes": SCOPES[:1]}})

    found = not_ok(patient)

    assert found["permissions"][0] == "problem"


def test_few_days_left_are_a_problem(patient: World) -> None:
    log_in(patient, expires_at=clock.to_text(clock.in_seconds(9 * DAY)))

    status, text = not_ok(patient)["token_life"]

    assert status == "problem"
    assert "9 more days" in text


def test_a_refresh_that_goes_wrong_is_told_while_there_is_time(patient: World) -> None:
    log_in(patient, trouble="Instagram did not answer.", trouble_since=now_text())

    status, text = not_ok(patient)["token_life"]

    assert status == "warning"
    assert "Instagram did not answer." in text


def test_a_token_that_nobody_refreshes_is_told(patient: World) -> None:
    patient.configure(refresh="manual")

    assert "postwright auth refresh" in not_ok(patient)["token_life"][1]


def test_of_a_token_put_by_hand_the_life_is_a_bound(patient: World) -> None:
    folder = patient.app.tokens.name("hand", "x").removesuffix("/x")
    patient.cloud.put_credentials(folder)

    assert "at most 60 more days" in findings(patient, "hand")["token_life"].sentence


def test_a_page_token_does_not_end_and_the_one_for_searches_does(patient: World) -> None:
    log_in(
        patient,
        DEMO_ACCOUNT.page_token,
        login="facebook",
        expires_at=None,
        searching_expires_at=clock.to_text(clock.in_seconds(5 * DAY)),
        scopes=[],
    )

    found = doctor.examine(patient.app, "default", [doctor.token, doctor.token_life])

    assert [finding.status for finding in found] == ["ok", "warning", "ok"]
    assert "ends in 5 days" in found[1].sentence
    assert "does not end" in found[2].sentence


def test_posts_that_wait_for_a_time_after_the_end_are_named(patient: World) -> None:
    log_in(patient, expires_at=clock.to_text(clock.in_seconds(20 * DAY)))
    for group, days in (("early", 19), ("late", 21)):
        ref = patient.begun(group)
        at = clock.to_text(clock.in_seconds(days * DAY))
        request = patient.request(group, publish_at=at)
        patient.store.update_job(ref, request=request, started_at=None)

    status, text = not_ok(patient)["scheduled_posts"]

    assert status == "warning"
    assert "s1/late" in text
    assert "early" not in text


def test_unclear_posts_are_named_and_only_those_of_the_account(patient: World) -> None:
    ref = patient.ready_to_publish()
    patient.store.lock_caption(ref, attempt(ref).caption_hash)
    patient.store.open_attempt(ref, attempt(ref), None)
    patient.close(ref, "unconfirmed")
    log_in_again = patient.app.tokens.stored("default").credentials
    patient.app.tokens.store("other", log_in_again.token, log_in_again.user_id, searching=None)

    assert ref.job_id in not_ok(patient)["unconfirmed_posts"][1]
    assert "unconfirmed_posts" not in not_ok(patient, "other")


def test_an_action_block_is_a_problem_until_it_is_over(patient: World) -> None:
    until = clock.to_text(clock.in_seconds(3600))
    block = Block(since=now_text(), until=until, reason="Instagram blocked an action.")
    patient.store.block_account("default", block)

    during = not_ok(patient)
    patient.advance(3601)

    assert "then `postwright unblock` ends the pause" in during["action_block"][1]
    assert "action_block" not in not_ok(patient)


@pytest.mark.parametrize(
    ("status", "says"),
    [("307 Temporary Redirect", "redirects"), ("403 Forbidden", "refuses")],
)
def test_a_bucket_that_sends_elsewhere_or_refuses_is_a_problem(
    patient: World, status: str, says: str
) -> None:
    is_empty = ok("<ListBucketResult/>", content_type="application/xml")
    with serving(is_empty, ok("", status=status)) as server:
        elsewhere = boto3.client(
            "s3",
            endpoint_url=server.origin,
            aws_access_key_id="sandbox",
            aws_secret_access_key="sandbox",  # noqa: S106 - opens nothing
            region_name="us-east-1",
        )
        patient.app = replace(patient.app, media=MediaBucket(elsewhere, "media", 60))

        (found,) = doctor.examine(patient.app, "default", [doctor.bucket])
        elsewhere.close()

    assert found.status == "problem"
    assert says in found.sentence
    assert "Signature" not in found.sentence


def test_a_bucket_that_is_not_there_is_a_problem_and_the_others_are_still_checked(
    patient: World, cloud: Cloud
) -> None:
    gone = MediaBucket(cloud.s3, "no-such-bucket", 60)
    patient.app = replace(patient.app, media=gone)

    found = not_ok(patient)

    assert found.keys() == {"bucket"}
    assert "NoSuchBucket" in found["bucket"][1]


def test_a_check_can_be_added(patient: World) -> None:
    def extra(visit: doctor.Visit) -> Iterator[Finding]:
        yield Finding(check="extra", status="warning", sentence=visit.account_id, fix="None.")

    found = doctor.examine(patient.app, "default", [*doctor.CHECKS, extra])

    assert found[-1].sentence == "default"
