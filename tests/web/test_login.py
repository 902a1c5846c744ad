"""`postwright auth login` as a person has it: a terminal, a browser, and then a post."""

from __future__ import annotations

import json
import os
import pty
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, urlencode, urlsplit

import boto3
import pytest
from playwright.sync_api import Browser, Page

from sandbox.instagram import DEMO_ACCOUNT, SECOND_ACCOUNT
from sandbox.instagram.config import (
    DEMO_APP_ID,
    DEMO_APP_SECRET,
    DEMO_FACEBOOK_APP_ID,
    DEMO_FACEBOOK_APP_SECRET,
)
from sandbox.names import ACCESS_KEY, REGION, SSM_PREFIX, STATE_MACHINE_ARN, TABLE
from sandbox.samples import SAMPLES_DIR
from tests.command_line import (
    POSTWRIGHT,
    SECONDS,
    Command,
    Done,
    Served,
    asking,
    ended,
    environment,
    run,
    serving_sandbox,
)
from tests.forks import Forked

KEYS = {
    "INSTAGRAM_APP_ID": DEMO_APP_ID,
    "INSTAGRAM_APP_SECRET": DEMO_APP_SECRET,
    "FACEBOOK_APP_ID": DEMO_FACEBOOK_APP_ID,
    "FACEBOOK_APP_SECRET": DEMO_FACEBOOK_APP_SECRET,
}
ADDRESS = re.compile(r"^https?://\S+/oauth\S+$", re.MULTILINE)
ANY_TOKEN = re.compile(r"\b(?:IG[A-Za-z]{2}|EAA)[\w-]{16,}")
PASTED_AT = "https://example.com/callback"
PHOTO = SAMPLES_DIR / "02-sea.jpg"
PUBLISH = "instagram_business_content_publish"


@pytest.fixture(scope="module")
def _sandbox() -> Iterator[Served]:
    with serving_sandbox("--speed", "max", "--empty") as served:
        yield served


@pytest.fixture
def sandbox(_sandbox: Served) -> Served:
    """A sandbox whose Instagram knows nobody's token: whoever publishes has logged in."""
    knowing_nobody(_sandbox)
    return _sandbox


def knowing_nobody(sandbox: Served) -> None:
    sandbox.reset()
    revoked = {account.token: "revoked" for account in (DEMO_ACCOUNT, SECOND_ACCOUNT)}
    sandbox.configure(tokens=revoked)


@dataclass
class LogIn:
    """A log-in that waits for the owner's answer."""

    command: Command
    address: str
    redirect_uri: str

    def answer(self, page: Page, decision: str = "Allow", *, untick: str | None = None) -> str:
        """Decide in a browser; returns the address that it is sent to."""
        page.goto(self.address)
        if untick is not None:
            page.locator(f"input[value={untick}]").uncheck()
        with page.expect_request(lambda asked: asked.url.startswith(self.redirect_uri)) as sent:
            page.get_by_role("button", name=decision).click()
        return sent.value.url


@contextmanager
def logging_in(sandbox: Served, *options: str, listen: bool = False) -> Iterator[LogIn]:
    """`postwright auth login` up to the address that it prints."""
    redirect_uri = PASTED_AT
    if listen:
        redirect_uri = f"http://127.0.0.1:{free_port()}/callback"
        sandbox.configure(redirect_uris=[redirect_uri])
        options = (*options, "--listen", "--redirect-uri", redirect_uri)
    with asking("auth", "login", *options, aws=sandbox.aws, **KEYS) as command:
        yield waiting(command, redirect_uri)


def waiting(command: Command, redirect_uri: str) -> LogIn:
    """A log-in that has printed its address."""
    command.read_until(lambda said: ADDRESS.search(said.err) is not None)
    (address,) = ADDRESS.findall(command.err)
    return LogIn(command, address, redirect_uri)


@dataclass(frozen=True)
class Aws:
    """What is stored in a sandbox, as text."""

    endpoint: str

    def items(self) -> str:
        found = self._client("dynamodb").scan(TableName=TABLE)["Items"]
        return json.dumps(found)

    def history(self, job_id: str) -> str:
        arn = f"{STATE_MACHINE_ARN.replace(':stateMachine:', ':execution:')}:{job_id}"
        events = self._client("stepfunctions").get_execution_history(executionArn=arn)["events"]
        return json.dumps(events, default=str)

    def token(self) -> str:
        name = f"{SSM_PREFIX}/instagram-access-token"
        found = self._client("ssm").get_parameter(Name=name, WithDecryption=True)
        return str(found["Parameter"]["Value"])

    def _client(self, service: Any) -> Any:
        session = boto3.session.Session(ACCESS_KEY, ACCESS_KEY, region_name=REGION)
        return session.client(service, endpoint_url=self.endpoint)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def published(sandbox: Served, *options: str) -> list[str]:
    """The captions that are live after another post."""
    done = run("publish", PHOTO, "--caption", "Logged in", *options, aws=sandbox.aws)
    assert done.code == 0, done.out + done.err
    return [post["caption"] for post in sandbox.posts()]


# To a post, and what is written on the way


@dataclass(frozen=True)
class Flow:
    """A log-in whose address was pasted, the post after it, and all that was written meanwhile."""

    logged_in: Done
    posted: Done
    captions: list[str]
    code: str
    token: str
    written: dict[str, str]


@pytest.fixture(scope="module")
def pasted(_sandbox: Served, _browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Flow:
    """Id and secret of the app are typed too, and everything is said that can be said."""
    home = tmp_path_factory.mktemp("home")
    knowing_nobody(_sandbox)
    # Not forked, so that it has arguments of its own. A process has what `Forked` has.
    process = subprocess.Popen(
        [POSTWRIGHT, "--verbose", "auth", "login"],
        env=environment(_sandbox.aws, HOME=str(home)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with (
        ended(Command(cast("Forked", process))) as command,
        _browser.new_page() as page,
    ):
        command.type(DEMO_APP_ID, DEMO_APP_SECRET)
        login = waiting(command, PASTED_AT)
        arguments = Path(f"/proc/{command.process.pid}/cmdline").read_text(encoding="utf-8")
        answer = login.answer(page)
        command.type(answer)
        logged_in = command.end()
    posted = run(
        *("--verbose", "publish", PHOTO, "--caption", "Logged in"),
        aws=_sandbox.aws,
        HOME=str(home),
    )
    _sandbox.command.read_what_is_there()
    aws = Aws(_sandbox.aws)
    return Flow(
        logged_in,
        posted,
        [post["caption"] for post in _sandbox.posts()],
        parse_qs(urlsplit(answer).query)["code"][0],
        aws.token(),
        {
            "the terminal": logged_in.out + logged_in.err + posted.out + posted.err,
            "the arguments": arguments,
            "the table": aws.items(),
            "the history": aws.history(posted.job_id),
            "the sandbox's output": _sandbox.command.out + _sandbox.command.err,
            "Instagram's log": json.dumps(_sandbox.requests()),
            "a file": "".join(f.read_text() for f in home.rglob("*") if f.is_file()),
        },
    )


def test_a_pasted_address_logs_in_and_the_new_token_publishes(pasted: Flow) -> None:
    said = pasted.logged_in.out

    assert (pasted.logged_in.code, pasted.posted.code) == (0, 0), pasted.posted.err
    assert said.startswith("Account default is @postwright.demo (BUSINESS, 17841400000042424).")
    assert "Stored in /ai-social-media/prod/instagram-access-token" in said
    assert pasted.captions == ["Logged in"]


def test_nothing_secret_is_written_anywhere(pasted: Flow) -> None:
    secrets = {"token": pasted.token, "code": pasted.code, "app secret": DEMO_APP_SECRET}

    assert "HTTP Request: GET" in pasted.logged_in.err
    assert [name for name, text in pasted.written.items() if not text] == ["a file"]
    assert {
        f"{kind} in {name}"
        for name, text in pasted.written.items()
        for kind, secret in secrets.items()
        if secret in text or ANY_TOKEN.search(text)
    } == set()


def test_a_callback_on_this_machine_logs_in_and_the_new_token_publishes(
    sandbox: Served, page: Page
) -> None:
    with logging_in(sandbox, "--account", "second", listen=True) as login:
        page.goto(login.address)
        page.get_by_label("postwright.second").check()
        page.get_by_role("button", name="Allow").click()
        page.get_by_role("heading", name="Allowed").wait_for()
        done = login.command.end()

    assert done.code == 0, done.err
    assert "Stored in /ai-social-media/prod/second/instagram-access-token" in done.out
    assert published(sandbox, "--account", "second") == ["Logged in"]


def test_a_page_of_facebook_logs_in_and_its_token_publishes(sandbox: Served, page: Page) -> None:
    with logging_in(sandbox, "--account", "third", "--login", "facebook", listen=True) as login:
        page.goto(login.address)
        page.get_by_label("Postwright Demo Page").uncheck()
        page.get_by_role("button", name="Allow").click()
        page.get_by_role("heading", name="Allowed").wait_for()
        done = login.command.end()

    assert done.code == 0, done.err
    assert done.out.startswith("Account third is @postwright.second (professional,")
    assert "Its token of Facebook Login does not end by itself" in done.out
    assert "/ai-social-media/prod/third/facebook-user-token" in done.out
    assert published(sandbox, "--account", "third") == ["Logged in"]


# Not logged in


def test_an_answer_with_another_state_is_refused_and_the_right_one_is_waited_for(
    sandbox: Served, page: Page
) -> None:
    forged = urlencode({"code": "AQsomebody-elses", "state": "another"})
    with logging_in(sandbox, listen=True) as login:
        page.goto(f"{login.redirect_uri}?{forged}")
        shown = page.inner_text("main")
        login.answer(page)
        done = login.command.end()

    assert "state in this address is not that of this log-in" in shown
    assert "state in this address is not that of this log-in" in done.err
    assert "AQsomebody-elses" not in done.err + done.out
    assert done.code == 0, done.err


def test_consent_that_is_denied_is_told_in_the_browser_and_in_the_terminal(
    sandbox: Served, page: Page
) -> None:
    with logging_in(sandbox, listen=True) as login:
        login.answer(page, "Cancel")
        page.get_by_role("heading", name="Not logged in").wait_for()
        shown = page.inner_text("main")
        done = login.command.end()

    assert done.code == 1
    assert all("somebody chose Cancel on the page" in said for said in (shown, done.err))


def test_a_permission_that_is_unticked_is_named(sandbox: Served, page: Page) -> None:
    with logging_in(sandbox, listen=True) as login:
        login.answer(page, untick=PUBLISH)
        done = login.command.end()

    assert done.code == 1
    assert f"Not allowed: {PUBLISH}." in done.err


def test_a_code_that_was_used_is_refused(sandbox: Served, pasted: Flow) -> None:
    with logging_in(sandbox) as login:
        login.command.type(f"{pasted.code}#_")
        done = login.command.end()

    assert done.code == 1
    assert "used already, or is older than an hour" in done.err


def test_a_first_token_that_has_ended_is_told(sandbox: Served, page: Page) -> None:
    with logging_in(sandbox, listen=True) as login:
        sandbox.script({"call": "token", "after": 1, "error": [190, 463]})
        login.answer(page)
        done = login.command.end()

    assert done.code == 1
    assert "The first token, which lives an hour, had ended" in done.err


def test_a_personal_account_is_told_how_to_switch(sandbox: Served, page: Page) -> None:
    sandbox.configure(account_types={DEMO_ACCOUNT.user_id: "PERSONAL"})
    with logging_in(sandbox, listen=True) as login:
        login.answer(page)
        done = login.command.end()

    assert done.code == 1
    assert "@postwright.demo is a personal account" in done.err


# A program, and what is forgotten


def test_a_program_logs_in_without_anybody_being_asked(sandbox: Served, page: Page) -> None:
    with logging_in(sandbox, "--json", "--code-file", "-") as login:
        login.command.type(login.answer(page))
        done = login.command.end()
    known = run("auth", "status", "--account", "default", "--json", aws=sandbox.aws)
    forgotten = run("auth", "forget", "--yes", aws=sandbox.aws)
    left = run("auth", "status", "--account", "default", aws=sandbox.aws)

    assert done.json["parameters"] == [
        "/ai-social-media/prod/instagram-access-token",
        "/ai-social-media/prod/instagram-user-id",
    ]
    (row,) = known.json["accounts"]
    assert row["works"]
    assert row == {**done.json, **{name: row[name] for name in ("daysLeft", "works", "problem")}}
    assert "Instagram still takes the token until it ends." in forgotten.out
    assert "has no /ai-social-media/prod/instagram-access-token" in left.out


# A terminal


def test_the_secret_is_not_shown_on_a_terminal(sandbox: Served) -> None:
    terminal, theirs = pty.openpty()
    # A session of its own, so that there is no other terminal that it could ask at.
    process = subprocess.Popen(
        [POSTWRIGHT, "auth", "login"],
        env=environment(sandbox.aws),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    said = b""
    try:
        for until, typed in (
            (b"App id", DEMO_APP_ID),
            (b"not shown", DEMO_APP_SECRET),
            (b"Then paste", "wrong-code"),
            (b"used already", ""),
        ):
            while until not in said:
                said += os.read(terminal, 65_536)
            os.write(terminal, f"{typed}\n".encode())
        code = process.wait(SECONDS)
    finally:
        process.kill()
        process.wait()
        os.close(terminal)

    assert code == 1
    assert DEMO_APP_ID.encode() in said
    assert DEMO_APP_SECRET.encode() not in said
