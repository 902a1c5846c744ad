"""`postwright setup` from an empty sandbox to a post, at a terminal and by a program."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.instagram.config import DEMO_APP_ID, DEMO_APP_SECRET
from sandbox.samples import SAMPLES_DIR
from tests.command_line import Served, asking, run, serving_sandbox
from tests.consent_form import answered

KEYS = {"INSTAGRAM_APP_ID": DEMO_APP_ID, "INSTAGRAM_APP_SECRET": DEMO_APP_SECRET}
STEPS = ["app", "account", "token", "bucket", "container"]
WITHOUT_LOGIN = ("--skip", "app", "--skip", "token")


@pytest.fixture(scope="module")
def _sandbox() -> Iterator[Served]:
    with serving_sandbox("--speed", "max", "--empty") as served:
        yield served


@pytest.fixture
def sandbox(_sandbox: Served) -> Served:
    """An empty simulated Instagram that takes no time over photos."""
    _sandbox.reset()
    _sandbox.configure(image={"seconds": 0})
    return _sandbox


def test_every_step_leads_to_an_account_that_can_publish(sandbox: Served) -> None:
    with asking("setup", aws=sandbox.aws) as command:
        command.type("", DEMO_APP_ID, DEMO_APP_SECRET, "", "mine", "")
        command.read_until(lambda said: "Then paste the address" in said.err)
        (address,) = [line for line in command.err.splitlines() if "/oauth/authorize?" in line]
        command.type(answered(sandbox.instagram, address), "", "")
        done = command.end()
    created = sandbox.requests()
    used = run("quota", "--json", "--account", "mine", aws=sandbox.aws)
    sent = [entry["path"] for entry in sandbox.requests() if entry["user_agent"] == "postwright"]
    posted = run(
        *("publish", SAMPLES_DIR / "02-sea.jpg", "--caption", "First", "--account", "mine"),
        aws=sandbox.aws,
    )

    assert done.code == 0, done.err
    assert [line.split(",")[0] for line in done.out.splitlines()[:-1]] == [
        f"{number}. {name}" for number, name in enumerate(STEPS, 1)
    ]
    assert "Account mine is @postwright.demo" in done.out
    assert "expires by itself within 24 hours" in done.out
    assert DEMO_APP_SECRET not in done.out + done.err
    assert [entry["path"] for entry in created if entry["path"].endswith("media_publish")] == []
    (account,) = used.json["accounts"]
    assert account["containers"]["used"] == 1
    assert account["calls"]["made"] == sum("access_token" not in path for path in sent) > 0
    assert posted.code == 0, posted.err
    assert [post["caption"] for post in sandbox.posts()] == ["First"]


def test_a_program_sets_up_what_is_logged_in_already(sandbox: Served) -> None:
    done = run("setup", "--json", *WITHOUT_LOGIN, aws=sandbox.aws)
    again = run("setup", "--json", *WITHOUT_LOGIN, aws=sandbox.aws)

    assert (done.code, again.code) == (0, 0), done.out + done.err
    assert [(step["step"], step["outcome"]) for step in done.json["steps"]] == [
        ("app", "skipped"),
        ("account", "done"),
        ("token", "skipped"),
        ("bucket", "done"),
        ("container", "done"),
    ]
    assert (done.json["ok"], done.json["account"]) == (True, "default")


def test_a_step_that_fails_says_why_and_ends_the_walk(sandbox: Served) -> None:
    with asking("setup", aws=sandbox.aws, POSTWRIGHT_BUCKET="no-such-bucket") as command:
        command.type("s", "s", "s", "")
        done = command.end()

    assert done.code == 1
    assert "1. app, skipped: Nothing was done." in done.out
    assert "4. bucket, failed: AWS answered with an error:" in done.out
    assert "container" not in done.out
    assert "Run `postwright setup` again" in done.err


def test_an_account_that_is_not_logged_in_has_no_container(sandbox: Served) -> None:
    done = run("setup", "--json", *WITHOUT_LOGIN, "--account", "nobody", aws=sandbox.aws)

    assert done.code == 1
    assert done.json["ok"] is False
    assert done.json["steps"][-1]["step"] == "container"
    assert "has no /ai-social-media/prod/nobody/" in done.json["steps"][-1]["sentence"]


def test_a_login_that_works_is_kept(sandbox: Served) -> None:
    with asking("auth", "login", "--account", "kept", aws=sandbox.aws, **KEYS) as command:
        command.read_until(lambda said: "Then paste the address" in said.err)
        (address,) = [line for line in command.err.splitlines() if "/oauth/authorize?" in line]
        command.type(answered(sandbox.instagram, address))
        command.end()

    with asking("setup", "--account", "kept", "--skip", "app", aws=sandbox.aws) as command:
        command.type("", "", "", "", "s", "s")
        done = command.end()

    assert done.code == 0, done.err
    assert "The login of account kept as @postwright.demo is kept." in done.out
    refreshed = run("auth", "refresh", "--account", "kept", aws=sandbox.aws)
    assert refreshed.code == 0
    assert "The token is younger than 24 hours" in refreshed.out
