"""Tokens stay alive: what is refreshed when, and that nothing is lost wherever a refresh stops."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from postwright import clock, logins
from postwright.alarms import AlarmNotSentError, Alarms
from postwright.models import TokenFacts, parse_instant
from postwright.refreshing import EVENT, Outcome, refresh, refresh_all
from postwright.store import Store
from postwright.tokens import Tokens
from sandbox.instagram import DEMO_ACCOUNT, SECOND_ACCOUNT
from tests.unit.core_world import World

pytest_plugins = ("tests.unit.core_fixtures",)

HOUR, DAY = 3600, 86_400
LOGIN_TOKEN = "IGAASandboxTokenOfALoginThatCameMeanwhile01"  # noqa: S105 - worth nothing


class Bus:
    """EventBridge, and every event that was put on it."""

    def __init__(self) -> None:
        from tests.unit.core_fixtures import InProcess  # pytest wants to import it first

        self.client = boto3.client(
            "events",
            region_name="us-east-1",
            aws_access_key_id="sandbox",
            aws_secret_access_key="sandbox",  # noqa: S106 - opens nothing
        )
        self.client.meta.events.register("before-send.events", InProcess())
        self.client.meta.events.register("provide-client-params.events.PutEvents", self._keep)
        self.sent: list[dict[str, Any]] = []

    def _keep(self, params: dict[str, Any], **_: Any) -> None:
        self.sent += params["Entries"]

    @property
    def details(self) -> list[dict[str, Any]]:
        return [json.loads(entry["Detail"]) for entry in self.sent]


@pytest.fixture(scope="module")
def events_client() -> Iterator[Bus]:
    bus = Bus()
    yield bus
    bus.client.close()


@pytest.fixture
def bus(events_client: Bus) -> Bus:
    events_client.sent.clear()
    return events_client


@pytest.fixture
def home(world: World, bus: Bus, request: pytest.FixtureRequest) -> World:
    """One account, logged in now, in a folder of its own."""
    prefix = f"/refreshing/{abs(hash(request.node.name))}"
    world.app = replace(
        world.app, tokens=Tokens(world.cloud.ssm, prefix, 300), alarms=Alarms(bus.client)
    )
    log_in(world)
    return world


def log_in(
    world: World, token: str = DEMO_ACCOUNT.token, account_id: str = "default", **changes: object
) -> TokenFacts:
    known = {
        "login": "instagram",
        "user_id": DEMO_ACCOUNT.user_id,
        "username": DEMO_ACCOUNT.username,
        "issued_at": clock.to_text(clock.now()),
        "expires_at": clock.to_text(clock.in_seconds(60 * DAY)),
        "parameter_version": 0,
        **changes,
    }
    facts = TokenFacts.model_validate(known)
    return logins.store_login(world.app, account_id, token, searching=None, facts=facts)


def run(world: World, remaining: float = 900) -> list[Outcome]:
    return refresh_all(world.app, remaining_seconds=lambda: remaining)


def stored(world: World, account_id: str = "default") -> str:
    return world.app.tokens.stored(account_id).credentials.token


def facts(world: World, account_id: str = "default") -> TokenFacts:
    found = world.store.token_facts(account_id)
    assert found is not None
    return found


def refreshes(world: World) -> int:
    """How often Instagram was asked for a new token."""
    paths = [entry["path"] for entry in world.lab.requests()]
    return sum(path.endswith("refresh_access_token") for path in paths)


def fail_refreshes(world: World, **fault: Any) -> None:
    """Every refresh fails before it takes effect."""
    world.answer({"call": "token", "status": 500, "times": None, **fault})


# When.


@pytest.mark.parametrize(
    ("days", "did"), [(1, "kept"), (14.9, "kept"), (15.1, "refreshed"), (59, "refreshed")]
)
def test_a_token_is_refreshed_when_fewer_than_45_days_are_left(
    home: World, days: float, did: str
) -> None:
    home.advance(days * DAY)

    (outcome,) = run(home)

    assert outcome.did == did
    assert (stored(home) != DEMO_ACCOUNT.token) == (did == "refreshed")


def test_a_new_token_has_another_60_days_and_the_facts_say_so(home: World) -> None:
    home.advance(20 * DAY)

    run(home)

    now = facts(home)
    assert now.days_left == pytest.approx(60, abs=0.1)
    assert now.parameter_version == 2
    assert "instagram_business_content_publish" in now.scopes
    assert home.app.tokens.token_of_version("default", 1) == DEMO_ACCOUNT.token
    assert home.app.instagram("default").account().username == DEMO_ACCOUNT.username


def test_its_calls_count_for_the_account(home: World) -> None:
    before = home.store.ledger("default").calls_made
    home.advance(20 * DAY)
    sent = len(home.lab.requests())

    run(home)

    made = len(home.lab.requests()) - sent
    assert home.store.ledger("default").calls_made - before == made == 2


def test_what_was_done_is_counted(home: World) -> None:
    home.advance(20 * DAY)
    run(home)
    refreshed = counted(home)
    home.advance(51 * DAY)
    run(home, remaining=0)

    assert refreshed == {"TokensRefreshed": 1, "TokenRefreshesFailed": 0, "TokenAlarms": 0}
    assert counted(home) == {"TokensRefreshed": 0, "TokenRefreshesFailed": 1, "TokenAlarms": 1}


def counted(world: World) -> dict[str, float]:
    measured = world.app.measures.take()
    return {
        one.name: one.value
        for one in measured
        if one.name.startswith("Token") and one.name != "TokenDaysLeft"
    }


def test_when_to_refresh_is_a_setting(home: World) -> None:
    home.configure(refresh_below_days=58, refresh_min_age_hours=72)

    home.advance(2.5 * DAY)
    early = run(home)
    home.advance(DAY)
    late = run(home)

    assert [outcome.did for outcome in early + late] == ["kept", "refreshed"]


def test_nobody_refreshes_by_schedule_who_wants_it_otherwise(home: World) -> None:
    home.advance(51 * DAY)

    for setting in ("manual", "cold-start"):
        home.configure(refresh=setting)
        (outcome,) = run(home)
        assert outcome.did == "kept"
        assert "ends in 9.0 days" in str(outcome.alarm)

    assert refreshes(home) == 0


def test_a_person_may_refresh_before_it_is_due(home: World) -> None:
    home.advance(2 * DAY)

    assert refresh(home.app, "default", now=True).did == "refreshed"


def test_a_person_is_told_when_a_token_is_too_young(home: World) -> None:
    home.advance(3 * HOUR)

    outcome = refresh(home.app, "default", now=True)

    assert outcome.did == "kept"
    assert "younger than 24 hours" in outcome.sentence
    assert refreshes(home) == 0


def test_at_a_cold_start_a_process_looks_once_at_each_account(home: World) -> None:
    home.configure(refresh="cold-start")
    home.advance(20 * DAY)

    first = home.app.instagram("default").account()
    refreshed = stored(home)
    home.advance(20 * DAY)
    home.app.instagram("default")

    assert first.username == DEMO_ACCOUNT.username
    assert refreshed != DEMO_ACCOUNT.token
    assert stored(home) == refreshed
    assert refreshes(home) == 1


def test_a_cold_start_never_stands_before_a_publish_nor_in_its_way(home: World) -> None:
    home.configure(refresh="cold-start")
    home.advance(20 * DAY)
    fail_refreshes(home)

    home.app.instagram("default", token_read_now=True)
    asked_before_publish = refreshes(home)
    home.app.instagram("default").quota()

    assert asked_before_publish == 0
    assert refreshes(home) == 1


def test_at_cold_starts_a_refresh_that_failed_is_tried_once_a_day(home: World) -> None:
    """Each try makes a run wait, as long as Instagram does not answer."""
    home.configure(refresh="cold-start")
    home.advance(20 * DAY)
    fail_refreshes(home)

    asked = []
    for pause in (0, HOUR, DAY):
        home.advance(pause)
        new_process = replace(home.app, tokens=home.app.tokens)
        new_process.instagram("default")
        asked.append(refreshes(home))

    assert asked == [1, 1, 2]


# What is not known.


def test_a_token_put_by_hand_is_learned_and_refreshed_after_a_day(home: World) -> None:
    folder = home.app.tokens.name("hand", "x").removesuffix("/x")
    home.cloud.put_credentials(folder, SECOND_ACCOUNT.token)

    run(home)
    asked_at_once = refreshes(home)
    learned = facts(home, "hand")
    left = learned.days_left
    home.advance(25 * HOUR)
    outcomes = {outcome.account_id: outcome.did for outcome in run(home)}

    assert asked_at_once == 0
    assert learned.is_guess
    assert (learned.user_id, learned.username) == (
        SECOND_ACCOUNT.user_id,
        SECOND_ACCOUNT.username,
    )
    assert left == pytest.approx(60, abs=0.1)
    assert outcomes == {"default": "kept", "hand": "refreshed"}
    assert not facts(home, "hand").is_guess


def test_a_token_put_over_a_known_one_is_learned_anew(home: World) -> None:
    home.advance(10 * DAY)
    folder = home.app.tokens.name("default", "x").removesuffix("/x")
    home.cloud.put_parameter(f"{folder}/instagram-access-token", SECOND_ACCOUNT.token)

    run(home)

    assert facts(home).username == SECOND_ACCOUNT.username
    assert facts(home).parameter_version == 2


def test_a_page_token_is_not_refreshed_and_its_end_is_not_made_up(home: World) -> None:
    log_in(home, DEMO_ACCOUNT.page_token, login="facebook", expires_at=None)
    home.advance(100 * DAY)

    (outcome,) = run(home)

    assert outcome.did == "kept"
    assert "does not end by itself" in outcome.sentence
    assert refreshes(home) == 0


def test_the_end_of_a_facebook_token_for_searches_is_told_before(home: World, bus: Bus) -> None:
    log_in(
        home,
        DEMO_ACCOUNT.page_token,
        login="facebook",
        expires_at=None,
        searching_expires_at=clock.to_text(clock.in_seconds(60 * DAY)),
    )

    home.advance(49 * DAY)
    run(home)
    told_early = len(bus.sent)
    home.advance(2 * DAY)
    run(home)

    assert told_early == 0
    assert "cannot be refreshed" in bus.details[0]["alarm"]
    assert "postwright auth login" in bus.details[0]["alarm"]


# Wherever it stops, nothing is lost.


def test_a_refresh_that_worked_and_was_never_heard_of_is_done_again(home: World) -> None:
    home.advance(20 * DAY)
    home.answer({"call": "token", "answer": "reset", "effect": "first"})

    (unheard,) = run(home)
    kept = stored(home)
    home.advance(DAY)
    (heard,) = run(home)

    assert (unheard.did, heard.did) == ("failed", "refreshed")
    assert kept == DEMO_ACCOUNT.token
    assert "no clear answer" in str(unheard.facts and unheard.facts.trouble)
    assert facts(home).trouble is None


class DiesError(BaseException):
    """The process is gone; nothing of ours catches it."""


class Between:
    """A client of AWS with which something happens just before an operation, so many times."""

    def __init__(
        self, client: Any, operation: str, do: Callable[[dict[str, Any]], object], times: int = 1
    ) -> None:
        self._client, self._operation, self._do = client, operation, do
        self._left = times

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if name != self._operation:
            return found

        def call(**parameters: Any) -> Any:
            if self._left > 0:
                self._left -= 1
                self._do(parameters)
            return found(**parameters)

        return call


def raising(error: BaseException) -> Callable[[dict[str, Any]], object]:
    def fail(_: dict[str, Any]) -> None:
        raise error

    return fail


def before(
    world: World, operation: str, do: Callable[[dict[str, Any]], object], times: int = 1
) -> None:
    """Let something happen just before an operation of the Parameter Store."""
    prefix = world.app.tokens.name("default", "x").removesuffix("/x")
    client: Any = Between(world.cloud.ssm, operation, do, times)
    world.app = replace(world.app, tokens=Tokens(client, prefix, 300))


def throttled(operation: str) -> ClientError:
    error = {"Code": "ThrottlingException", "Message": f"Rate exceeded for {DEMO_ACCOUNT.token}"}
    return ClientError({"Error": error}, operation)  # type: ignore[typeddict-item]  # enough of one


def test_dying_after_the_answer_and_before_it_is_stored_costs_a_day(home: World) -> None:
    home.advance(20 * DAY)
    healthy = home.app
    before(home, "put_parameter", raising(DiesError()))

    with pytest.raises(DiesError):
        run(home)
    home.app = healthy
    kept = stored(home)
    home.advance(DAY)

    assert kept == DEMO_ACCOUNT.token
    assert run(home)[0].did == "refreshed"


def test_dying_between_the_token_and_its_facts_leaves_a_token_that_is_learned(
    home: World,
) -> None:
    home.advance(20 * DAY)
    healthy = home.app

    def die_at_the_facts(parameters: dict[str, Any]) -> None:
        if parameters["Item"]["SK"] == {"S": "TOKEN"}:
            raise DiesError

    dying: Any = Between(home.cloud.dynamodb, "put_item", die_at_the_facts, times=2)
    home.app = replace(home.app, store=Store(dying, home.app.settings.table))
    with pytest.raises(DiesError):
        run(home)
    home.app = healthy
    after_death = stored(home)
    home.advance(DAY)
    run(home)

    assert after_death != DEMO_ACCOUNT.token
    assert facts(home).parameter_version == home.app.tokens.stored("default").version
    assert home.app.instagram("default").account().username == DEMO_ACCOUNT.username


def test_a_parameter_store_that_throttles_costs_a_day_and_shows_no_token(
    home: World, caplog: pytest.LogCaptureFixture
) -> None:
    home.advance(20 * DAY)
    before(home, "put_parameter", raising(throttled("PutParameter")))

    (outcome,) = run(home)
    home.advance(DAY)

    assert outcome.did == "failed"
    assert "ThrottlingException" in outcome.sentence
    assert DEMO_ACCOUNT.token not in outcome.sentence + str(facts(home)) + caplog.text
    assert run(home)[0].did == "refreshed"


def test_a_parameter_store_that_cannot_be_read_is_trouble_and_still_alarms(
    home: World, bus: Bus, caplog: pytest.LogCaptureFixture
) -> None:
    home.advance(51 * DAY)
    before(home, "get_parameters", raising(throttled("GetParameters")))

    (outcome,) = run(home)

    assert outcome.did == "failed"
    assert "ThrottlingException" in outcome.sentence
    assert DEMO_ACCOUNT.token not in outcome.sentence + caplog.text
    assert "ends in 9.0 days" in bus.details[0]["alarm"]


def test_the_same_string_as_before_is_fine(home: World) -> None:
    home.lab.config(refresh_keeps_string=True)
    home.advance(20 * DAY)

    (outcome,) = run(home)

    assert outcome.did == "refreshed"
    assert stored(home) == DEMO_ACCOUNT.token
    assert home.app.tokens.stored("default").version == facts(home).parameter_version == 1
    assert facts(home).days_left == pytest.approx(60, abs=0.1)


def test_the_token_of_another_user_is_not_stored(home: World) -> None:
    home.advance(20 * DAY)
    home.answer(
        {
            "call": "token",
            "status": 200,
            "body": json.dumps({"access_token": SECOND_ACCOUNT.token, "expires_in": 5_184_000}),
        }
    )

    (outcome,) = run(home)

    assert outcome.did == "failed"
    assert f"another user, @{SECOND_ACCOUNT.username}" in outcome.sentence
    assert stored(home) == DEMO_ACCOUNT.token


@pytest.mark.parametrize(
    "answer",
    [{}, {"access_token": ""}, {"access_token": 7}, {"access_token": "EAABnotOfThisLogin"}],
    ids=json.dumps,
)
def test_an_answer_without_a_usable_token_changes_nothing(
    home: World, answer: dict[str, Any]
) -> None:
    home.advance(20 * DAY)
    home.answer({"call": "token", "status": 200, "body": json.dumps(answer)})

    assert run(home)[0].did == "failed"
    assert stored(home) == DEMO_ACCOUNT.token


def test_a_new_token_that_instagram_does_not_take_is_not_stored(home: World) -> None:
    home.advance(20 * DAY)
    home.answer({"call": "user", "error": [190, 460]})

    (outcome,) = run(home)

    assert outcome.did == "failed"
    assert stored(home) == DEMO_ACCOUNT.token
    assert outcome.alarm is None, "the old token works, and tomorrow is another day"


# Several at once.


def test_two_runs_at_once_refresh_once(home: World) -> None:
    home.advance(20 * DAY)
    arrived, go_on = threading.Event(), threading.Event()
    other = home.app

    def wait(_: dict[str, Any]) -> None:
        arrived.set()
        assert go_on.wait(20)

    before(home, "put_parameter", wait)
    first: list[Outcome] = []
    thread = threading.Thread(target=lambda: first.extend(run(home)))
    thread.start()
    assert arrived.wait(20)
    second = refresh(other, "default")
    go_on.set()
    thread.join(20)

    assert (first[0].did, second.did) == ("refreshed", "busy")
    assert refreshes(home) == 1


def test_a_login_in_the_middle_of_a_refresh_waits_and_wins(home: World) -> None:
    home.lab.config(tokens={LOGIN_TOKEN: "ok"})
    home.advance(20 * DAY)
    asked_for_the_lease, refresh_ended = threading.Event(), threading.Event()

    def ask(_: dict[str, Any]) -> None:
        """The second time only after the refresh: pauses take no time here, a lease would end."""
        if asked_for_the_lease.is_set():
            assert refresh_ended.wait(20)
        asked_for_the_lease.set()

    watched: Any = Between(home.cloud.dynamodb, "put_item", ask, times=2)
    of_login = replace(home, app=replace(home.app, store=Store(watched, home.app.settings.table)))
    login = threading.Thread(target=lambda: log_in(of_login, LOGIN_TOKEN))

    def begin_login(_: dict[str, Any]) -> None:
        login.start()
        assert asked_for_the_lease.wait(20)

    before(home, "put_parameter", begin_login)
    (outcome,) = run(home)
    refresh_ended.set()
    login.join(20)

    assert outcome.did == "refreshed"
    assert stored(home) == LOGIN_TOKEN
    assert facts(home).parameter_version == home.app.tokens.stored("default").version


def test_a_token_stored_by_hand_in_the_middle_of_a_refresh_stays(home: World) -> None:
    home.advance(20 * DAY)
    name = home.app.tokens.name("default", "instagram-access-token")
    before(home, "put_parameter", lambda _: home.cloud.put_parameter(name, SECOND_ACCOUNT.token))

    (outcome,) = run(home)
    kept = stored(home)
    run(home)

    assert outcome.did == "kept"
    assert "Somebody stored another token" in outcome.sentence
    assert kept == SECOND_ACCOUNT.token
    assert facts(home).username == SECOND_ACCOUNT.username


def test_a_token_made_anew_by_hand_in_the_middle_of_a_refresh_stays(home: World) -> None:
    """Its versions begin again."""
    run_at_version(home, 5)
    home.advance(20 * DAY)
    name = home.app.tokens.name("default", "instagram-access-token")

    def make_anew(_: dict[str, Any]) -> None:
        home.cloud.ssm.delete_parameter(Name=name)
        home.cloud.put_parameter(name, SECOND_ACCOUNT.token)

    before(home, "put_parameter", make_anew)

    (outcome,) = run(home)

    assert outcome.did == "kept"
    assert stored(home) == SECOND_ACCOUNT.token


def run_at_version(world: World, version: int) -> None:
    """The account after so many log-ins."""
    while log_in(world).parameter_version < version:
        pass


def test_a_token_deleted_by_hand_in_the_middle_of_a_refresh_stays_deleted(home: World) -> None:
    home.advance(20 * DAY)
    before(home, "put_parameter", lambda call: home.cloud.ssm.delete_parameter(Name=call["Name"]))

    run(home)

    assert home.app.tokens.accounts() == []


def test_an_answer_that_comes_too_late_is_not_stored(home: World) -> None:
    """Another process may have the lease by then."""
    home.advance(20 * DAY)
    before(home, "get_parameters", lambda _: home.advance(logins.LEASE_SECONDS - 1))

    outcome = refresh(home.app, "default", now=True)

    assert outcome.did == "failed"
    assert "took so long" in outcome.sentence
    assert stored(home) == DEMO_ACCOUNT.token


# Trouble.


def test_one_accounts_trouble_never_stops_the_others(home: World) -> None:
    name = home.app.tokens.name
    home.cloud.put_parameter(name("a-half", "instagram-access-token"), SECOND_ACCOUNT.token)
    log_in(home, LOGIN_TOKEN, "b-refused")
    log_in(home, SECOND_ACCOUNT.token, "c-damaged")
    home.cloud.dynamodb.put_item(
        TableName=home.app.settings.table,
        Item={"PK": {"S": "ACCOUNT#c-damaged"}, "SK": {"S": "TOKEN"}, "login": {"S": "smoke"}},
    )
    home.advance(20 * DAY)

    outcomes = {outcome.account_id: outcome.did for outcome in run(home)}

    assert outcomes == {
        "a-half": "failed",
        "b-refused": "failed",
        "c-damaged": "failed",
        "default": "refreshed",
    }


def test_the_account_with_the_fewest_days_left_comes_first(home: World) -> None:
    log_in(home, SECOND_ACCOUNT.token, "hurry", expires_at=clock.to_text(clock.in_seconds(HOUR)))
    log_in(home, DEMO_ACCOUNT.page_token, "page", login="facebook", expires_at=None)

    assert [outcome.account_id for outcome in run(home)] == ["hurry", "default", "page"]


def test_accounts_that_no_time_is_left_for_are_told(home: World, bus: Bus) -> None:
    home.advance(51 * DAY)

    (outcome,) = run(home, remaining=5)

    assert outcome.did == "failed"
    assert "no time" in outcome.sentence
    assert "ends in 9.0 days" in bus.details[0]["alarm"]
    assert refreshes(home) == 0


def test_trouble_is_kept_with_its_beginning_and_gone_after_a_success(home: World) -> None:
    home.advance(20 * DAY)
    fail_refreshes(home)
    began = clock.to_text(clock.now())
    run(home)
    home.advance(DAY)
    run(home)
    in_trouble = facts(home)
    home.lab.http.delete("/_control/faults")
    home.advance(DAY)
    run(home)

    assert in_trouble.trouble_since is not None
    assert in_trouble.tried_at is not None
    since = parse_instant(in_trouble.trouble_since) - parse_instant(began)
    assert abs(since.total_seconds()) < 60
    assert parse_instant(in_trouble.tried_at) > parse_instant(in_trouble.trouble_since)
    assert facts(home).trouble is None
    assert facts(home).trouble_since is None


def test_trouble_that_lasts_is_told_and_says_what_to_type(home: World, bus: Bus) -> None:
    home.advance(20 * DAY)
    fail_refreshes(home)

    for _ in range(3):
        run(home)
        home.advance(DAY + 60)
    told_within_three_days = len(bus.sent)
    run(home)

    assert told_within_three_days == 0
    (event,) = bus.sent
    assert (event["Source"], event["DetailType"]) == ("postwright", EVENT)
    (detail,) = bus.details
    assert detail["accountId"] == "default"
    assert detail["daysLeft"] == pytest.approx(37, abs=0.1)
    assert "could not be refreshed since" in detail["alarm"]
    assert detail["alarm"].endswith("Run `postwright auth login`.")
    assert DEMO_ACCOUNT.token not in event["Detail"]


def test_a_token_that_instagram_refuses_is_told_at_once(home: World, bus: Bus) -> None:
    home.advance(20 * DAY)
    home.lab.config(tokens={DEMO_ACCOUNT.token: "revoked"})

    (outcome,) = run(home)

    assert outcome.did == "failed"
    assert "does not work any more" in bus.details[0]["alarm"]


def test_an_alarm_that_could_not_be_sent_fails_the_function_after_all_accounts(
    home: World, bus: Bus
) -> None:
    log_in(home, SECOND_ACCOUNT.token, "second", user_id=SECOND_ACCOUNT.user_id)
    home.advance(61 * DAY)
    home.lab.config(tokens={SECOND_ACCOUNT.token: {"age_hours": 30}})
    spoiled: Any = Between(bus.client, "put_events", raising(AlarmNotSentError("full")), times=5)
    home.app = replace(home.app, alarms=Alarms(spoiled))

    with pytest.raises(AlarmNotSentError):
        run(home)

    assert stored(home, "second") != SECOND_ACCOUNT.token


def test_an_event_that_the_bus_does_not_take_is_an_error(bus: Bus) -> None:
    """The call itself succeeds then."""
    with Stubber(bus.client) as stubber:
        stubber.add_response("put_events", {"FailedEntryCount": 1, "Entries": []})

        with pytest.raises(AlarmNotSentError):
            Alarms(bus.client).send("Anything", {})


# Secrets.


def test_no_log_line_and_no_outcome_holds_a_token(
    home: World, caplog: pytest.LogCaptureFixture
) -> None:
    """botocore alone may not be asked for its debug log, which holds whole requests."""
    caplog.set_level(logging.INFO)
    for name in ("postwright", "httpx", "httpcore"):
        caplog.set_level(logging.DEBUG, logger=name)
    home.advance(20 * DAY)

    fail_refreshes(home, times=1)
    outcomes = run(home)
    home.answer({"call": "token", "answer": "reset"})
    outcomes += run(home)
    home.advance(DAY)
    outcomes += run(home)

    said = caplog.text + str(outcomes) + json.dumps([found.to_json() for found in outcomes])
    assert [outcome.did for outcome in outcomes] == ["failed", "failed", "refreshed"]
    assert "refresh_access_token" in said
    for token in (DEMO_ACCOUNT.token, stored(home)):
        assert token not in said
