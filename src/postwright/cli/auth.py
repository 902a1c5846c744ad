"""`postwright auth login | status | refresh | forget`: the token of an account."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from botocore.exceptions import ClientError
from pydantic import TypeAdapter, ValidationError

from postwright import clock, facebook_login, login, logins, refreshing
from postwright.app import App
from postwright.cli import asking, callback
from postwright.cli.connection import Stack, connect
from postwright.cli.console import UsageError, print_json, say, warn
from postwright.cli.preflight import Json
from postwright.errors import LoginFailedError, PostwrightError
from postwright.facebook_login import Page
from postwright.hosts import Hosts, Login
from postwright.login import Consent, NewLogin
from postwright.logins import TokenBusyError
from postwright.models import Identifier, TokenFacts, parse_instant
from postwright.tokens import DEFAULT_ACCOUNT

commands = typer.Typer(
    help="Log in, and what is known of an account's token.", no_args_is_help=True
)

_KEYS: Final[dict[Login, tuple[str, str]]] = {
    "instagram": ("INSTAGRAM_APP_ID", "INSTAGRAM_APP_SECRET"),
    "facebook": ("FACEBOOK_APP_ID", "FACEBOOK_APP_SECRET"),
}
NAMES: Final[dict[Login, str]] = {"instagram": "Instagram Login", "facebook": "Facebook Login"}
_CODE_MAX: Final = 8192


def account_id(name: str) -> str:
    """An account's name that can be part of a parameter's name; raises typer.BadParameter."""
    try:
        return TypeAdapter(Identifier).validate_python(name)
    except ValidationError:
        raise typer.BadParameter(
            f"{name!r} cannot name an account: up to 128 characters, without #, / and spaces."
        ) from None


def _account_id_or_none(name: str | None) -> str | None:
    return account_id(name) if name is not None else None


AccountId = Annotated[
    str, typer.Option("--account", callback=account_id, help="Our name of the account.")
]
AnyAccount = Annotated[
    str | None,
    typer.Option(
        "--account",
        callback=_account_id_or_none,
        help="Our name of the account; all accounts without it.",
    ),
]
LoginKind = Annotated[
    Login,
    typer.Option("--login", help="instagram, or facebook, which hashtag and location search need."),
]
RedirectUri = Annotated[
    str, typer.Option("--redirect-uri", help="One that is registered with the app, to the letter.")
]
Listen = Annotated[
    bool, typer.Option("--listen", help="Wait at the redirect URI instead of asking for a paste.")
]
WaitSeconds = Annotated[
    float, typer.Option("--wait", min=1, help="How many seconds to wait with --listen.")
]
CodeFile = Annotated[
    str | None,
    typer.Option(
        "--code-file", help="Where the address or code is read from; - is standard input."
    ),
]
PageId = Annotated[
    str | None,
    typer.Option("--page", help="With --login facebook: the id of the Page, if there are several."),
]
DEFAULT_REDIRECT_URI: Final = "https://example.com/callback"
DEFAULT_WAIT_SECONDS: Final = 600.0


@dataclass(frozen=True)
class AppKeys:
    """What a log-in needs of the app at Meta; the secret is not kept anywhere."""

    app_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class How:
    """The options of a log-in."""

    account: str
    login: Login
    redirect_uri: str
    listen: bool
    wait_seconds: float
    code_file: str | None
    page: str | None
    asks: bool
    """Whether there is somebody to answer questions."""

    def check(self) -> None:
        """Raises UsageError where options contradict each other."""
        if self.listen and self.code_file is not None:
            raise UsageError("Give --listen or --code-file, not both.")
        if self.page is not None and self.login != "facebook":
            raise UsageError("--page goes with --login facebook.")
        if not self.asks and not self.listen and self.code_file is None:
            raise UsageError("With --json nobody is asked: add --listen or --code-file.")


@commands.command("login")
def log_in(
    account: AccountId = DEFAULT_ACCOUNT,
    kind: LoginKind = "instagram",
    redirect_uri: RedirectUri = DEFAULT_REDIRECT_URI,
    listen: Listen = False,
    wait: WaitSeconds = DEFAULT_WAIT_SECONDS,
    code_file: CodeFile = None,
    page: PageId = None,
    stack: Stack = None,
    as_json: Json = False,
) -> None:
    """Log an account in, and store a token that lasts 60 days.

    App id and secret come from INSTAGRAM_APP_ID and INSTAGRAM_APP_SECRET (FACEBOOK_APP_ID and
    FACEBOOK_APP_SECRET with --login facebook), or are asked for.
    """
    how = How(account, kind, redirect_uri, listen, wait, code_file, page, asks=not as_json)
    how.check()
    app = connect(stack)
    facts = stored_login(app, how, app_keys(how))
    if as_json:
        print_json(document(app, account, facts))
    else:
        say.result(told(app, account, facts))


def app_keys(how: How) -> AppKeys:
    """Id and secret of the app, from the environment or by asking."""
    id_name, secret_name = _KEYS[how.login]
    app_id, secret = os.environ.get(id_name, ""), os.environ.get(secret_name, "")
    if not how.asks and not (app_id and secret):
        raise UsageError(f"With --json nobody is asked: set {id_name} and {secret_name}.")
    app_id = app_id or asking.line(f"App id ({id_name} is not set):")
    secret = secret or asking.secret(f"App secret ({secret_name} is not set)")
    if not (app_id.isascii() and app_id.isdigit()):
        raise UsageError("An app id is digits only; the app's dashboard shows it.")
    if not secret or not secret.isascii() or " " in secret:
        raise UsageError("The app secret is empty or holds spaces; copy it from the dashboard.")
    return AppKeys(app_id, secret)


def stored_login(app: App, how: How, keys: AppKeys) -> TokenFacts:
    """From the address that is opened in a browser to a token in the Parameter Store."""
    consent = Consent(how.login, keys.app_id, how.redirect_uri)
    hosts = Hosts.of(app.settings)
    code = _code(consent, how, consent.address(hosts))
    if how.login == "facebook":
        new = facebook_login.with_facebook(
            consent, code, keys.secret, hosts, app.http, lambda pages: chosen(pages, how)
        )
    else:
        new = login.with_instagram(consent, code, keys.secret, hosts, app.http)
    with _refusals_of_aws_told():
        before = app.store.token_facts(how.account)
        facts = _facts(new, before)
        app.budgets.count_calls(how.account, new.calls)
        return logins.store_login(app, how.account, new.token, searching=new.searching, facts=facts)


@commands.command("status")
def status(account: AnyAccount = None, stack: Stack = None, as_json: Json = False) -> None:
    """Tell what is known of the tokens that are stored, and try each with a read."""
    app = connect(stack)
    names = [account] if account is not None else app.tokens.accounts()
    if not names:
        raise LoginFailedError("No account is logged in. Run `postwright auth login`.")
    found = [looked_at(app, name) for name in names]
    if as_json:
        print_json({"accounts": [row.to_json(app) for row in found]})
    else:
        say.result("\n\n".join(row.told(app) for row in found))
    if any(row.trouble for row in found):
        raise typer.Exit(1)


@commands.command("refresh")
def refresh(
    account: AccountId = DEFAULT_ACCOUNT, stack: Stack = None, as_json: Json = False
) -> None:
    """Refresh an account's token now, for another 60 days.

    Instagram refreshes none that is younger than 24 hours, and none of Facebook Login.
    """
    outcome = refreshing.refresh(connect(stack), account, now=True)
    if as_json:
        print_json(outcome.to_json())
    else:
        say.result(outcome.sentence)
    if outcome.did in ("failed", "busy"):
        raise typer.Exit(1)


@commands.command("forget")
def forget(
    account: AccountId = DEFAULT_ACCOUNT,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    stack: Stack = None,
    as_json: Json = False,
) -> None:
    """Delete an account's token, and what is known of it."""
    if as_json and not yes:
        raise UsageError("With --json nobody is asked: add --yes.")
    app = connect(stack)
    if not yes and asking.line(f"Forget the token of account {account}? (y/n)").lower() != "y":
        say.result("Nothing was deleted.")
        raise typer.Exit(1)
    forgotten(app, account)
    if as_json:
        print_json({"account": account, "forgotten": True})
    else:
        say.result(
            f"The token of account {account} and what was known of it are deleted. Instagram still"
            " takes the token until it ends. To end it now, remove the app in the Instagram app:"
            " Settings, Website permissions, Apps and websites."
        )


def forgotten(app: App, account: str) -> None:
    """Delete an account's token. Raises LoginFailedError when AWS refuses, or a refresh goes on."""
    with _refusals_of_aws_told():
        logins.forget(app, account)


def document(app: App, account: str, facts: TokenFacts | None) -> dict[str, Any]:
    """Where an account's token is and what is known of it, for programs; never the token."""
    known = facts.to_json() if facts is not None else {}
    return {"account": account, **known, "parameters": _parameters(app, account, facts)}


def told(app: App, account: str, facts: TokenFacts) -> str:
    """What is stored where, and when it ends, in one sentence or two."""
    ends = "does not end by itself"
    if facts.expires_at is not None:
        at = " at the latest" if facts.is_guess else ""
        ends = f"ends{at} {facts.expires_at}; {_renewal(app, parse_instant(facts.expires_at))}"
    if facts.searching_expires_at is not None:
        ends += f"; that for searches, which cannot be renewed, ends {facts.searching_expires_at}"
    return (
        f"Account {account} is @{facts.username} ({facts.account_type or 'professional'},"
        f" {facts.user_id}). Its token of {NAMES[facts.login]} {ends}. Stored in"
        f" {', '.join(_parameters(app, account, facts))}."
    )


def _renewal(app: App, expires_at: datetime) -> str:
    if app.settings.refresh == "manual":
        return "nobody renews it but `postwright auth refresh`"
    begins_at = expires_at - timedelta(days=app.settings.refresh_below_days)
    return f"it is renewed from {begins_at:%Y-%m-%d} on"


@dataclass(frozen=True)
class Looked:
    """An account as it stands now; `trouble` is why its token does not work."""

    account: str
    facts: TokenFacts | None
    trouble: str | None

    def to_json(self, app: App) -> dict[str, Any]:
        days_left = self.facts.days_left if self.facts is not None else None
        state = {"daysLeft": days_left, "works": self.trouble is None, "problem": self.trouble}
        return {**document(app, self.account, self.facts), **state}

    def told(self, app: App) -> str:
        lines = [f"Account {self.account}: nothing is known of its token but where it is stored."]
        if self.facts is not None and self.facts.username:
            lines = [told(app, self.account, self.facts)]
            if self.facts.scopes:
                lines.append(f"It may: {', '.join(self.facts.scopes)}.")
            if self.facts.days_left is not None:
                lines.append(f"{self.facts.days_left:.1f} days are left.")
        lines.append(self.trouble or "Instagram answered a read with it just now.")
        return "\n".join(lines)


def looked_at(app: App, account: str) -> Looked:
    facts = app.store.token_facts(account)
    try:
        stored = app.tokens.stored(account)
        if facts is not None and facts.parameter_version != stored.version:
            facts = None
        with app.calling(account, 1, None) as instagram:  # the question is whether it works
            instagram.account()
    except PostwrightError as error:
        return Looked(account, facts, error.sentence)
    return Looked(account, facts, None)


def chosen(pages: Sequence[Page], how: How) -> Page:
    """The Page that was named, or that is chosen now."""
    listed = "\n".join(f"  {page.id}  {page.name}" for page in pages)
    named = how.page
    if named is None and how.asks:
        named = asking.line(f"There are several Pages:\n{listed}\nThe id of the right one:")
    for page in pages:
        if page.id == named:
            return page
    raise LoginFailedError(
        f"{'There are several Pages' if named is None else f'There is no Page {named}'}. Name one"
        f" with --page:\n{listed}\n{login.NOTHING_STORED} {login.AGAIN}"
    )


def _code(consent: Consent, how: How, address: str) -> str:
    if how.listen:
        with callback.listening(consent) as answer:
            _show(address)
            say.note(f"Waiting for the answer at {how.redirect_uri} ..")
            return answer.code(how.wait_seconds)
    _show(address)
    if how.code_file is not None:
        return consent.code_in(_read(how.code_file))
    return consent.code_in(
        asking.line(
            "Then paste the address that the browser goes to, even if its page does not open, or"
            " the code in it:"
        )
    )


def _show(address: str) -> None:
    warn(f"Open this address in a browser, and allow:\n\n{address}\n")


def _read(file: str) -> str:
    if file == "-":
        return sys.stdin.readline(_CODE_MAX)
    with Path(file).open(encoding="utf-8", errors="replace") as opened:
        return opened.read(_CODE_MAX)


def _facts(new: NewLogin, before: TokenFacts | None) -> TokenFacts:
    """What is known of the new token. One for searches stays if this is a login of the same user
    without one.
    """
    searching_expires_at = _text(new.searching_expires_at)
    if new.searching is None and before is not None and before.user_id == new.account.user_id:
        searching_expires_at = before.searching_expires_at
    return TokenFacts(
        login=new.login,
        user_id=new.account.user_id,
        username=new.account.username,
        account_type=new.account.account_type,
        scopes=list(new.scopes),
        issued_at=clock.to_text(new.issued_at),
        expires_at=_text(new.expires_at),
        searching_expires_at=searching_expires_at,
        parameter_version=0,
    )


def _text(instant: datetime | None) -> str | None:
    return clock.to_text(instant) if instant is not None else None


def _parameters(app: App, account: str, facts: TokenFacts | None) -> list[str]:
    leaves = ["instagram-access-token", "instagram-user-id"]
    if facts is not None and facts.searching_expires_at is not None:
        leaves.append("facebook-user-token")
    return [app.tokens.name(account, leaf) for leaf in leaves]


@contextmanager
def _refusals_of_aws_told() -> Iterator[None]:
    """What is true when AWS does not store or delete, as a LoginFailedError."""
    try:
        yield
    except TokenBusyError as error:
        raise LoginFailedError(str(error)) from error
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "no code")
        raise LoginFailedError(
            f"AWS refused {error.operation_name} ({code}). `postwright auth status` tells what is"
            " stored now. Allow ssm:PutParameter, ssm:GetParameters and ssm:DeleteParameters on the"
            f" account's parameters, and writes to the table. {login.AGAIN}"
        ) from error
