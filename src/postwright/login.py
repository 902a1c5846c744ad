"""Log-in: from the address that asks the account's owner to a token that lasts, checked by reads.

    consent = Consent("instagram", app_id, "https://example.com/callback")
    print(consent.address(hosts))
    code = consent.code_in(input())
    new = with_instagram(consent, code, app_secret, hosts, http)

Nothing here prints, asks or stores. Every failure is a LoginFailedError whose sentence says what is
true now and what to do. Log-in with Facebook: `facebook_login.py`.

Source: Instagram Platform, business login (stamp 2026-03-13) and references of the token endpoints,
read 2026-09; the flat answer of the code exchange as public clients received it in 2026.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, urlencode

import httpx

from postwright import clock, token_calls
from postwright.errors import LoginFailedError, PostwrightError
from postwright.hosts import Hosts, Login
from postwright.instagram import Account, InstagramClient
from postwright.scopes import SCOPES, is_professional, missing_scopes
from postwright.token_calls import Answer, NoAnswerError, Refusal
from postwright.tokens import LONG_LIFE

AGAIN: Final = "Run `postwright auth login` again."
NOTHING_STORED: Final = "Nothing was stored."
OTHER_STATE: Final = (
    "The state in this address is not that of this log-in: it comes from an older attempt, or"
    " somebody else made it. Its code was not used."
)

_CODE = re.compile(r"[!-\"$-~]{1,4096}")
_IS_ADDRESS = re.compile(r"://|(?:^|[?&])(?:code|error|state)=")
_SECONDS_MAX = 10 * 365 * 86_400

_REASONS: Final[Mapping[str, str]] = {
    r"redirect.ur[il]": (
        "The redirect URI {redirect_uri} is not the one that the code was made for, or is not"
        " registered to the letter, its last slash included. Register it in the app's dashboard,"
        " or name the registered one with --redirect-uri."
    ),
    r"secret": (
        "The app secret is wrong. Copy it from the same page of the app's dashboard as the app id."
    ),
    r"code .*(?:used|not found|expired|format)": (
        "The code was used already, or is older than an hour. A code works once."
    ),
    r"platform app|client_id|validating application": (
        "The app id {app_id} is not known. With Instagram Login it is the Instagram app id, with"
        " Facebook Login the app id of the whole app; the dashboard shows both."
    ),
}
"""What Instagram says, in a few words of it, and the sentence. Source: flat answers of the code
exchange seen by public clients, and Graph's answers to `oauth/access_token`, 2026.
"""


@dataclass(frozen=True)
class Consent:
    """One question to an account's owner; only an answer that repeats `state` is one to it."""

    login: Login
    app_id: str
    redirect_uri: str
    state: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    def address(self, hosts: Hosts) -> str:
        """What the owner opens in a browser.

        `enable_fb_login=false` leaves the way through Facebook away, which ends in an account that
        is not the one that was meant. Source: business login, 2026.
        """
        query = {
            "client_id": self.app_id,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "scope": ",".join(SCOPES[self.login]),
            "state": self.state,
        }
        if self.login == "facebook":
            return f"{hosts.facebook_dialog}?{urlencode(query)}"
        return f"{hosts.instagram_authorize}?{urlencode({**query, 'enable_fb_login': 'false'})}"

    def is_answered_by(self, query: str) -> bool:
        """Whether the query of a callback belongs to this question."""
        states = _values(query).get("state", [])
        return len(states) == 1 and secrets.compare_digest(states[0].encode(), self.state.encode())

    def code_in(self, pasted: str) -> str:
        """The code in what somebody pastes: the whole address of the callback, or the code alone.

        Instagram appends `#_`, which is not part of the code.
        """
        text = pasted.strip().strip("<>\"'").partition("#")[0]
        if _IS_ADDRESS.search(text):
            query = text.partition("?")[2] if "?" in text else text
            if "state" in _values(query) and not self.is_answered_by(query):
                raise wrong_state()
            return self.code_of(query)
        if not _CODE.fullmatch(text):
            raise LoginFailedError(
                "That is neither an address nor a code. After Allow, the browser goes to an address"
                f" that begins with {self.redirect_uri}; paste all of it, even if its page does not"
                f" open. {AGAIN}"
            )
        return text

    def code_of(self, query: str) -> str:
        """The code in the query of a callback whose state has been looked at."""
        values = _values(query)
        if "error" in values:
            raise _not_allowed(values)
        codes = values.get("code", [])
        if len(codes) != 1 or not _CODE.fullmatch(codes[0]):
            raise LoginFailedError(
                "The address holds no code. Choose Allow on the page that asks, and paste the"
                f" address that the browser shows then. {AGAIN}"
            )
        return codes[0]


@dataclass(frozen=True)
class NewLogin:
    """A token that lasts and works, and what Instagram says it is for.

    `searching` is the Facebook user's token, for searches that a Page's token cannot make. `calls`
    is how many were made for the account until then.
    """

    login: Login
    token: str = field(repr=False)
    account: Account
    scopes: tuple[str, ...]
    issued_at: datetime
    expires_at: datetime | None
    calls: int
    searching: str | None = field(default=None, repr=False)
    searching_expires_at: datetime | None = None


def with_instagram(
    consent: Consent, code: str, app_secret: str, hosts: Hosts, http: httpx.Client
) -> NewLogin:
    """Code to short-lived token to long-lived token, then a look at the account behind it."""
    form = {
        "client_id": consent.app_id,
        "client_secret": app_secret,
        "grant_type": "authorization_code",
        "redirect_uri": consent.redirect_uri,
        "code": code,
    }
    first = redeemed(consent, lambda: token_calls.post(http, hosts.instagram_code_exchange, form))
    scopes = permissions_in(first.get("permissions"))
    if scopes:
        require_scopes("instagram", scopes)
    query = {
        "grant_type": "ig_exchange_token",
        "client_secret": app_secret,
        "access_token": token_in(first),
    }
    url = f"{hosts.graph_root}/access_token"
    asked_at = clock.now()
    last = prolonged(consent, lambda: token_calls.get(http, url, query))
    token = token_in(last)
    with InstagramClient(token, graph_url=hosts.graph("instagram"), http=http) as instagram:
        account = _checked(instagram)
    expires_at = asked_at + life_in(last)
    return NewLogin("instagram", token, account, scopes, asked_at, expires_at, instagram.calls)


def redeemed(consent: Consent, ask: Callable[[], Answer]) -> Mapping[str, Any]:
    """What a code was exchanged for. Flat and wrapped answers are understood."""
    try:
        answer = ask()
    except NoAnswerError as error:
        raise LoginFailedError(
            f"The exchange of the code had no clear answer ({error}). A code works once, so it may"
            f" be used up. {NOTHING_STORED} {AGAIN}"
        ) from error
    if answer.refusal is not None:
        raise _refused(consent, answer.refusal, "did not take the code")
    rows = answer.body.get("data")
    if isinstance(rows, list) and rows and isinstance(rows[0], dict):
        return rows[0]
    return answer.body


def prolonged(consent: Consent, ask: Callable[[], Answer]) -> Mapping[str, Any]:
    """What a token of an hour was exchanged for."""
    try:
        answer = ask()
    except NoAnswerError as error:
        raise LoginFailedError(
            "The exchange of the first token, which lives an hour, for one of 60 days had no clear"
            f" answer ({error}). Both end by themselves. {NOTHING_STORED} {AGAIN}"
        ) from error
    if answer.refusal is not None:
        raise _refused(consent, answer.refusal, "did not exchange the first token for a long one")
    return answer.body


def require_scopes(login: Login, granted: Collection[str]) -> None:
    """Raises LoginFailedError that names each permission that was unticked."""
    missing = missing_scopes(login, granted)
    if missing:
        raise LoginFailedError(
            f"Not allowed: {', '.join(missing)}. Nothing can be published without"
            f" {'it' if len(missing) == 1 else 'them'}. {NOTHING_STORED} {AGAIN} Leave every"
            " permission ticked on the page that asks."
        )


def require_professional(account: Account) -> None:
    """Raises LoginFailedError for a personal account, which Instagram publishes nothing for."""
    if account.account_type and not is_professional(account.account_type):
        raise LoginFailedError(
            f"@{account.username} is a {account.account_type.lower()} account, and only"
            " professional ones can be published for. In the Instagram app: Settings, Account type"
            f" and tools, Switch to professional account. {NOTHING_STORED} {AGAIN}"
        )


def token_in(body: Mapping[str, Any]) -> str:
    """The token of an answer."""
    token = body.get("access_token")
    if not isinstance(token, str) or not re.fullmatch(r"[!-~]{8,}", token):
        raise LoginFailedError(f"Instagram answered without a token. {NOTHING_STORED} {AGAIN}")
    return token


def life_in(body: Mapping[str, Any]) -> timedelta:
    """How long the token of an answer lives; 60 days when it does not say so."""
    seconds = body.get("expires_in")
    if isinstance(seconds, int) and 0 < seconds < _SECONDS_MAX:
        return timedelta(seconds=seconds)
    return LONG_LIFE


def permissions_in(found: Any) -> tuple[str, ...]:
    """Permissions as Instagram writes them, a list or one text with commas; () when untold."""
    if isinstance(found, str):
        found = found.split(",")
    return tuple(str(name).strip() for name in found) if isinstance(found, Sequence) else ()


def wrong_state() -> LoginFailedError:
    """The pasted answer belongs to another question."""
    return LoginFailedError(f"{OTHER_STATE} {NOTHING_STORED} {AGAIN} Open the address it prints.")


def unchecked(error: PostwrightError) -> LoginFailedError:
    """The new token did not pass its first read."""
    return LoginFailedError(f"The new token was not stored. {error.sentence}")


def _checked(instagram: InstagramClient) -> Account:
    """The account of a new token, after reads that show that it may publish."""
    try:
        account = instagram.account()
        require_professional(account)
        instagram.user_id = account.user_id
        instagram.quota()
    except LoginFailedError:
        raise
    except PostwrightError as error:
        raise unchecked(error) from error
    return account


def _refused(consent: Consent, refusal: Refusal, what: str) -> LoginFailedError:
    for pattern, sentence in _REASONS.items():
        if re.search(pattern, refusal.said, re.IGNORECASE):
            known = sentence.format(redirect_uri=consent.redirect_uri, app_id=consent.app_id)
            return LoginFailedError(f"{known} {NOTHING_STORED} {AGAIN}")
    if (refusal.code, refusal.subcode) == (190, 463):
        return LoginFailedError(
            "The first token, which lives an hour, had ended before it was exchanged for one of"
            f" 60 days. {NOTHING_STORED} {AGAIN}"
        )
    said = f" It says: {refusal.said}" if refusal.said else ""
    return LoginFailedError(f"Instagram {what}.{said} {NOTHING_STORED} {AGAIN}")


def _not_allowed(values: Mapping[str, Sequence[str]]) -> LoginFailedError:
    name = values["error"][0]
    if name == "access_denied":
        return LoginFailedError(
            f"It was not allowed: somebody chose Cancel on the page that asks. {NOTHING_STORED}"
            f" {AGAIN} Choose Allow."
        )
    said = "".join(c for c in " ".join(values.get("error_description", [])) if c.isprintable())
    return LoginFailedError(
        f"The page that asks ended with {name[:60]!r}: {said[:300]} {NOTHING_STORED} {AGAIN}"
    )


def _values(query: str) -> dict[str, list[str]]:
    try:
        return parse_qs(query, keep_blank_values=True, max_num_fields=50)
    except ValueError:
        return {}
