"""Log-in by Instagram: from the page that asks the user to a code, and to short- and long-lived
tokens.

Sources: business login (Meta, stamp 2026-03-13), reference pages oauth-authorize (2025-07-17),
access_token (2026-03-09) and refresh_access_token (2025-07-17); answers recorded by public projects
for the flat form of the code exchange, a numeric `user_id`, `permissions` in the answer to a
refresh, and an `expires_in` that counts from the log-in. The token endpoints are only documented
without a version and with query parameters, so a version or a header token is not taken here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from sandbox.instagram import errors
from sandbox.instagram.accounts import Account
from sandbox.instagram.calls import GraphCall
from sandbox.instagram.errors import GraphError, PlainRefusalError
from sandbox.instagram.hosts import API_INSTAGRAM, GRAPH_INSTAGRAM, Address
from sandbox.instagram.parameters import Parameters
from sandbox.instagram.scopes import BASIC, INSTAGRAM_SCOPES
from sandbox.instagram.tokens import LONG_LIFE, Code, Kind, Token, issued
from sandbox.instagram.world import World

CODE_LIFE = timedelta(hours=1)
_ENDPOINTS = {
    ("GET", "access_token"): GRAPH_INSTAGRAM,
    ("GET", "refresh_access_token"): GRAPH_INSTAGRAM,
    ("POST", "oauth/access_token"): API_INSTAGRAM,
}


class LoginRefusedError(Exception):
    """The log-in cannot begin; the sentence is for the developer who sent the user here."""


class CodeRefusedError(PlainRefusalError):
    """The code exchange is refused."""

    def body(self) -> dict[str, Any]:
        return {"error_type": "OAuthException", "code": self.status, "error_message": str(self)}


@dataclass(frozen=True, slots=True)
class Request:
    """What an app asks the user for."""

    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None


class OAuth:
    scopes: Mapping[str, str] = INSTAGRAM_SCOPES
    always_given: Collection[str] = ()
    takes_several_accounts = False

    def __init__(self, world: World) -> None:
        self._world = world

    def request(self, query: Mapping[str, str]) -> Request:
        """Raises LoginRefusedError; the user is then not sent back, as nobody knows to whom.

        Not established: whether Meta refuses a request without the basic scope.
        """
        config = self._world.config
        request = request_of(query, config.app_id, config.redirect_uris, INSTAGRAM_SCOPES)
        if "response_type" not in query:
            raise LoginRefusedError("response_type must be code.")
        if BASIC not in request.scopes:
            raise LoginRefusedError(f"scope must contain {BASIC}.")
        return request

    def allow(
        self, request: Request, accounts: tuple[Account, ...], granted: Collection[str]
    ) -> str:
        """Where the user goes with the code; `#_` stands after it as on Instagram."""
        scopes = tuple(scope for scope in request.scopes if scope in granted)
        with self._world.lock:
            text = self._world.ids.code()
            ends_at = self._world.clock.now() + CODE_LIFE
            self._world.tokens.codes[text] = Code(accounts, scopes, request.redirect_uri, ends_at)
        return sent_back(request, {"code": text}) + "#_"

    def cancel(self, request: Request) -> str:
        """Where the user goes who refuses."""
        problem = {
            "error": "access_denied",
            "error_reason": "user_denied",
            "error_description": "The user denied your request.",
        }
        return sent_back(request, problem)

    def endpoint(self, method: str, address: Address) -> str | None:
        """The token endpoint that a call goes to; all of them may do without a host in the path."""
        name = "/".join(address.segments)
        host = _ENDPOINTS.get((method, name))
        if host is None or address.version is not None or address.named_host not in (None, host):
            return None
        return name

    def call(self, endpoint: str, call: GraphCall) -> dict[str, Any]:
        """The answer of a token endpoint; raises GraphError, or CodeRefusedError for a code."""
        parameters, token = call.parameters, call.query_token
        with self._world.lock:
            now = self._world.clock.now()
            match endpoint:
                case "access_token":
                    return self._exchange(parameters, token, now)
                case "refresh_access_token":
                    return self._refresh(parameters, token, now)
            return self._redeem(parameters, now)

    def _redeem(self, parameters: Parameters, now: datetime) -> dict[str, Any]:
        """A code becomes a short-lived token."""
        try:
            given = {name: parameters.text(name) for name in _REDEEM_PARAMETERS}
        except GraphError as error:
            raise CodeRefusedError(error.row.message) from error
        self._check_app(given)
        codes = self._world.tokens.codes
        code = codes.get(given["code"])
        if code is None or now >= code.ends_at:
            raise CodeRefusedError("Matching code was not found or was already used")
        if given["redirect_uri"] != code.redirect_uri:
            raise CodeRefusedError("redirect_uri is not the one that the code was made for")
        del codes[given["code"]]
        token = issued(self._world.ids.token(), code.accounts, Kind.SHORT, now, code.scopes)
        self._world.tokens.add(token)
        user_id = code.accounts[0].user_id
        if self._world.config.wrapped_answers:
            row = {"user_id": user_id, "permissions": ",".join(code.scopes)}
            return {"data": [{"access_token": token.text, **row}]}
        numeric = {"user_id": int(user_id), "permissions": list(code.scopes)}
        return {"access_token": token.text, **numeric}

    def _check_app(self, given: Mapping[str, str]) -> None:
        config = self._world.config
        if given["grant_type"] != "authorization_code":
            raise CodeRefusedError("grant_type must be authorization_code")
        if given["client_id"] != config.app_id:
            raise CodeRefusedError("Invalid platform app")
        if given["client_secret"] != config.app_secret.get_secret_value():
            raise CodeRefusedError("Invalid client secret")

    def _exchange(self, parameters: Parameters, text: str | None, now: datetime) -> dict[str, Any]:
        """A short-lived token becomes a long-lived one, whose 60 days began with the short one."""
        _require_grant(parameters, "ig_exchange_token")
        if parameters.required("client_secret") != self._world.config.app_secret.get_secret_value():
            raise _not_taken("client_secret is wrong")
        short = self._world.tokens.open(text, GRAPH_INSTAGRAM, now)
        if short.kind is not Kind.SHORT:
            raise _not_taken("access_token is not a short-lived token")
        new = self._long(self._world.ids.token(), short, short.issued_at)
        return _told(new, now)

    def _refresh(self, parameters: Parameters, text: str | None, now: datetime) -> dict[str, Any]:
        """Another 60 days. The old token works to its own end, unless it is the same string."""
        _require_grant(parameters, "ig_refresh_token")
        old = self._world.tokens.open(text, GRAPH_INSTAGRAM, now)
        old.require(BASIC)
        if old.kind is not Kind.LONG:
            raise _not_taken("access_token is not a long-lived token")
        config = self._world.config
        if now - old.issued_at < timedelta(hours=config.refresh_min_age_hours):
            raise _not_taken(f"the token is younger than {config.refresh_min_age_hours:g} hours")
        same = config.refresh_keeps_string
        new = self._long(old.text if same else self._world.ids.token(), old, now)
        return _told(new, now) | {"permissions": ",".join(new.scopes)}

    def _long(self, text: str, before: Token, begin: datetime) -> Token:
        token = issued(text, before.accounts, Kind.LONG, begin, before.scopes)
        self._world.tokens.add(token)
        return token


_REDEEM_PARAMETERS = ("client_id", "client_secret", "grant_type", "redirect_uri", "code")


def request_of(
    query: Mapping[str, str],
    app_id: str,
    redirect_uris: Collection[str],
    known_scopes: Collection[str],
) -> Request:
    """What is asked for with the app and redirect URIs of one kind of log-in."""
    if query.get("client_id") != app_id:
        raise LoginRefusedError("client_id is not the id of an app that is known here.")
    if query.get("redirect_uri") not in redirect_uris:
        raise LoginRefusedError("redirect_uri is not one of the registered URIs, to the letter.")
    if query.get("response_type", "code") != "code":
        raise LoginRefusedError("response_type must be code.")
    scopes = tuple(dict.fromkeys(re.findall(r"[^,\s]+", query.get("scope", ""))))
    unknown = [scope for scope in scopes if scope not in known_scopes]
    if unknown:
        raise LoginRefusedError(f"Unknown scope: {', '.join(unknown)}.")
    return Request(query["client_id"], query["redirect_uri"], scopes, query.get("state"))


def sent_back(request: Request, answer: dict[str, str]) -> str:
    """The redirect URI with an answer and the state."""
    state = {} if request.state is None else {"state": request.state}
    joint = "&" if "?" in request.redirect_uri else "?"
    return f"{request.redirect_uri}{joint}{urlencode(answer | state)}"


def _require_grant(parameters: Parameters, grant_type: str) -> None:
    if parameters.required("grant_type") != grant_type:
        raise _not_taken(f"grant_type must be {grant_type}")


def _not_taken(reason: str) -> GraphError:
    row = errors.TOKEN_NOT_TAKEN
    return GraphError(row.saying(f"{row.message} {reason}"))


def _told(token: Token, now: datetime) -> dict[str, Any]:
    seconds = int((token.issued_at + LONG_LIFE - now).total_seconds())
    return {"access_token": token.text, "token_type": "bearer", "expires_in": seconds}
