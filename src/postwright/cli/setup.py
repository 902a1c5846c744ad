"""`postwright setup`: from an app at Meta to an account that can publish, one step after the other.

A repeat is safe: it keeps a login that works, replaces the sample, and leaves a container that
expires by itself.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Final, Literal

import typer
from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from PIL import Image

from postwright import doctor
from postwright.app import App
from postwright.cli import asking, auth
from postwright.cli.auth import AppKeys, How
from postwright.cli.connection import Stack, connect
from postwright.cli.console import UsageError, print_json, say, warn
from postwright.cli.preflight import Json
from postwright.errors import PostwrightError
from postwright.tokens import DEFAULT_ACCOUNT

Outcome = Literal["done", "skipped", "failed"]

SAMPLE_KEY: Final = "setup/enhanced/postwright-setup.jpg"
_SIDE: Final = 1080
_READY_SECONDS: Final = 300


class NotReadyError(Exception):
    """A step found something that must be mended first; the text says what and how."""


@dataclass
class Walk:
    """What the steps have found out so far."""

    app: App
    how: How
    keys: AppKeys | None = None

    def sample(self) -> str:
        """The key of a photo that Instagram takes."""
        with tempfile.TemporaryDirectory(prefix="postwright-setup-") as folder:
            path = Path(folder) / "sample.jpg"
            Image.linear_gradient("L").resize((_SIDE, _SIDE)).convert("RGB").save(path)
            self.app.media.upload(path, SAMPLE_KEY, f"{_SIDE}x{_SIDE}")
        return SAMPLE_KEY


@dataclass(frozen=True)
class Step:
    """`run` tells what was done; it raises an error that says what to do first."""

    name: str
    about: str
    run: Callable[[Walk], str]


def command(
    account: auth.AccountId = DEFAULT_ACCOUNT,
    kind: auth.LoginKind = "instagram",
    redirect_uri: auth.RedirectUri = auth.DEFAULT_REDIRECT_URI,
    listen: auth.Listen = False,
    wait: auth.WaitSeconds = auth.DEFAULT_WAIT_SECONDS,
    code_file: auth.CodeFile = None,
    page: auth.PageId = None,
    skip: Annotated[
        list[str] | None, typer.Option("--skip", help="A step to skip; may be repeated.")
    ] = None,
    stack: Stack = None,
    as_json: Json = False,
) -> None:
    """Walk through app, account, token, bucket and a test container that is never published.

    Each step can be skipped, here or when it is asked about, and all can be repeated.
    """
    skipped = set(skip or [])
    names = [step.name for step in STEPS]
    if skipped - set(names):
        raise UsageError(f"--skip takes {', '.join(names)}.")
    how = auth.How(account, kind, redirect_uri, listen, wait, code_file, page, asks=not as_json)
    if "token" not in skipped:
        how.check()
    walk = Walk(connect(stack), how)
    told = []
    for number, step in enumerate(STEPS, 1):
        outcome, sentence = _taken(walk, step, number, is_skipped=step.name in skipped)
        told.append({"step": step.name, "outcome": outcome, "sentence": sentence})
        if not as_json:
            say.result(f"{number}. {step.name}, {outcome}: {sentence}")
        if outcome == "failed":
            break
    is_done = told[-1]["outcome"] != "failed"
    if as_json:
        print_json({"account": walk.how.account, "ok": is_done, "steps": told})
    elif is_done:
        say.result("Ready. Publish with: postwright publish PHOTO.jpg --caption ..")
    else:
        warn("What was done stays. Run `postwright setup` again when this is mended.")
    if not is_done:
        raise typer.Exit(1)


def _taken(walk: Walk, step: Step, number: int, *, is_skipped: bool) -> tuple[Outcome, str]:
    if walk.how.asks and not is_skipped:
        warn(f"\nStep {number} of {len(STEPS)}, {step.name}. {step.about}")
        is_skipped = asking.line("Enter goes on, s skips it:").lower() == "s"
    if is_skipped:
        return "skipped", "Nothing was done."
    try:
        return "done", step.run(walk)
    except PostwrightError as error:
        return "failed", error.sentence
    except (BotoCoreError, ClientError, Boto3Error) as error:
        return "failed", f"AWS answered with an error: {error}"
    except (NotReadyError, UsageError, typer.BadParameter) as error:
        return "failed", str(error)


def _app(walk: Walk) -> str:
    walk.keys = auth.app_keys(walk.how)
    return f"App {walk.keys.app_id} is used. Its secret is forgotten when this command ends."


def _account(walk: Walk) -> str:
    if walk.how.asks:
        name = asking.line(f"Our name of the account (Enter takes {walk.how.account}):")
        walk.how = replace(walk.how, account=auth.account_id(name or walk.how.account))
    return f"The account is called {walk.how.account}."


def _token(walk: Walk) -> str:
    """A login that works is kept, unless somebody wants another one."""
    account = walk.how.account
    found = auth.looked_at(walk.app, account)
    if found.trouble is None and found.facts is not None:
        name = f"@{found.facts.username}"
        again = f"Account {account} is logged in as {name} and works. Log in again? (y/n)"
        if not walk.how.asks or asking.line(again).lower() != "y":
            return f"The login of account {account} as {name} is kept."
    keys = walk.keys or auth.app_keys(walk.how)
    return auth.told(walk.app, account, auth.stored_login(walk.app, walk.how, keys))


def _bucket(walk: Walk) -> str:
    walk.sample()
    (found,) = doctor.examine(walk.app, walk.how.account, [doctor.bucket])
    if found.status == "problem":
        raise NotReadyError(f"{found.sentence} {found.fix}")
    return found.sentence


def _container(walk: Walk) -> str:
    url = walk.app.media.presign(walk.sample())
    walk.app.budgets.take_lone_container(walk.how.account)
    instagram = walk.app.instagram(walk.how.account, token_read_now=True)
    container = instagram.create_image_container(url)
    with walk.app.calling(walk.how.account, 1, "look") as instagram:
        instagram.wait_for_container(container, timeout_seconds=_READY_SECONDS)
    return (
        f"Instagram fetched a sample and made container {container} of it. It is not published,"
        " and expires by itself within 24 hours."
    )


STEPS: Final = (
    Step(
        "app",
        "Meta's dashboard for developers shows the app's id and secret, and takes the redirect URI,"
        " under API setup with Instagram login (for --login facebook, under the app's settings).",
        _app,
    ),
    Step(
        "account",
        "It must be a professional account. While the app is in development mode, its owner must"
        " have accepted an invitation as a tester.",
        _account,
    ),
    Step("token", "The account's owner allows the app to publish, in a browser.", _token),
    Step("bucket", "A sample is uploaded, and fetched as Instagram would do it.", _bucket),
    Step(
        "container", "Instagram prepares a post from the sample; it is never published.", _container
    ),
)
