"""Log-in by Facebook: the dialog, its code, the tokens of a Facebook user, and what they are.

Sources: manual login flow, access tokens, debug_token (Graph API, Meta, 2026); the answer of a
dialog that was cancelled and `#_=_` after the redirect from public projects; 36007 to 36009 and the
texts of refused exchanges from answers that public projects recorded. A token of a user lives for
an hour or two, after `fb_exchange_token` for about 60 days.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sandbox.instagram import errors
from sandbox.instagram.accounts import DEMO_PERSON, Account
from sandbox.instagram.calls import GraphCall
from sandbox.instagram.errors import ErrorRow, GraphError
from sandbox.instagram.hosts import GRAPH_FACEBOOK, Address
from sandbox.instagram.oauth import CODE_LIFE, Request, request_of, sent_back
from sandbox.instagram.parameters import Parameters
from sandbox.instagram.scopes import FACEBOOK_SCOPES, PROFILE
from sandbox.instagram.tokens import Code, Kind, Token, TokenState, issued
from sandbox.instagram.world import World

_REDEEM, _DEBUG = "oauth/access_token", "debug_token"
_DATA_ACCESS = timedelta(days=90)
_END = "#_=_"


class FacebookLogin:
    """The redirect URIs of the config are registered for both kinds of log-in."""

    scopes: Mapping[str, str] = FACEBOOK_SCOPES
    always_given: Collection[str] = (PROFILE,)
    takes_several_accounts = True

    def __init__(self, world: World) -> None:
        self._world = world

    # The dialog

    def request(self, query: Mapping[str, str]) -> Request:
        """Raises LoginRefusedError. The public profile is given even when it is not asked for."""
        config = self._world.config
        request = request_of(query, config.facebook_app_id, config.redirect_uris, FACEBOOK_SCOPES)
        asked = tuple(scope for scope in request.scopes if scope != PROFILE)
        return replace(request, scopes=(PROFILE, *asked))

    def allow(
        self, request: Request, accounts: tuple[Account, ...], granted: Collection[str]
    ) -> str:
        scopes = tuple(name for name in request.scopes if name in (*granted, PROFILE))
        declined = tuple(name for name in request.scopes if name not in scopes)
        with self._world.lock:
            text = self._world.ids.code()
            ends_at = self._world.clock.now() + CODE_LIFE
            code = Code(accounts, scopes, request.redirect_uri, ends_at, declined)
            self._world.tokens.facebook_codes[text] = code
        return sent_back(request, {"code": text}) + _END

    def cancel(self, request: Request) -> str:
        problem = {
            "error": "access_denied",
            "error_code": "200",
            "error_description": "Permissions error",
            "error_reason": "user_denied",
        }
        return sent_back(request, problem) + _END

    # Tokens

    def endpoint(self, method: str, address: Address) -> str | None:
        """The token endpoint that a call goes to."""
        name = "/".join(address.segments)
        is_one = method in ("GET", "HEAD", "POST") and name in (_REDEEM, _DEBUG)
        return name if is_one and address.named_host == GRAPH_FACEBOOK else None

    def call(self, endpoint: str, call: GraphCall) -> dict[str, Any]:
        """The answer of a token endpoint; raises GraphError."""
        with self._world.lock:
            now = self._world.clock.now()
            if endpoint == _DEBUG:
                return self._debug(call, now)
            self._check_app(call.parameters)
            match call.parameters.text("grant_type", "authorization_code"):
                case "authorization_code":
                    return self._redeem(call.parameters, now)
                case "fb_exchange_token":
                    return self._exchange(call.parameters, now)
            raise GraphError(errors.BAD_PARAMETER.saying("Invalid grant_type"))

    def _check_app(self, parameters: Parameters) -> None:
        config = self._world.config
        if parameters.text("client_id") != config.facebook_app_id:
            raise GraphError(errors.APP_NOT_KNOWN)
        if parameters.text("client_secret") != config.facebook_app_secret.get_secret_value():
            raise GraphError(errors.SECRET_WRONG)

    def _redeem(self, parameters: Parameters, now: datetime) -> dict[str, Any]:
        """A code becomes a short-lived token, once."""
        text, tokens = parameters.text("code"), self._world.tokens
        if text in tokens.used_codes:
            raise GraphError(errors.CODE_USED)
        code = tokens.facebook_codes.get(text)
        if code is None:
            raise GraphError(errors.CODE_WRONG)
        if now >= code.ends_at:
            raise GraphError(errors.CODE_EXPIRED)
        if parameters.text("redirect_uri") != code.redirect_uri:
            raise GraphError(errors.CODE_REDIRECT)
        del tokens.facebook_codes[text]
        tokens.used_codes.add(text)
        return self._given(code.accounts, Kind.SHORT_USER, code.scopes, code.declined, now)

    def _exchange(self, parameters: Parameters, now: datetime) -> dict[str, Any]:
        """The token of a user becomes one of about 60 days."""
        text = parameters.required("fb_exchange_token")
        old = self._world.tokens.open(text, GRAPH_FACEBOOK, now)
        if not old.kind.is_of_person:
            row = errors.TOKEN_NOT_TAKEN
            raise GraphError(row.saying(f"{row.message} this is not the token of a user"))
        return self._given(old.accounts, Kind.USER, old.scopes, old.declined, now)

    def _given(
        self,
        accounts: tuple[Account, ...],
        kind: Kind,
        scopes: tuple[str, ...],
        declined: tuple[str, ...],
        now: datetime,
    ) -> dict[str, Any]:
        text = self._world.ids.facebook_token()
        self._world.tokens.add(issued(text, accounts, kind, now, scopes, declined))
        seconds = int(kind.life.total_seconds()) if kind.life is not None else 0
        return {"access_token": text, "token_type": "bearer", "expires_in": seconds}

    def _debug(self, call: GraphCall, now: datetime) -> dict[str, Any]:
        """What a token is, for the app (its id and secret with a bar between) or a user of it."""
        config, tokens = self._world.config, self._world.tokens
        secret = config.facebook_app_secret.get_secret_value()
        if call.token != f"{config.facebook_app_id}|{secret}":
            tokens.open(call.token, GRAPH_FACEBOOK, now)
        token = tokens.find(call.parameters.required("input_token"))
        if token is None or token.kind.host != GRAPH_FACEBOOK:
            return {"data": _invalid(errors.TOKEN_BAD)}
        problem = {
            TokenState.EXPIRED: errors.TOKEN_EXPIRED,
            TokenState.REVOKED: errors.TOKEN_REVOKED,
        }.get(tokens.state(token, now))
        described = self._described(token)
        return {"data": described | (_invalid(problem) if problem is not None else {})}

    def _described(self, token: Token) -> dict[str, Any]:
        ends_at = int(token.ends_at.timestamp()) if token.ends_at is not None else 0
        described: dict[str, Any] = {
            "app_id": self._world.config.facebook_app_id,
            "type": "USER" if token.kind.is_of_person else "PAGE",
            "application": "An app of the simulated Facebook",
            "data_access_expires_at": int((token.issued_at + _DATA_ACCESS).timestamp()),
            "expires_at": ends_at,
            "is_valid": True,
            "issued_at": int(token.issued_at.timestamp()),
            "scopes": list(token.scopes),
            "user_id": DEMO_PERSON.id,
        }
        if token.kind is Kind.PAGE:
            described["profile_id"] = token.accounts[0].page_id
        return described


def _invalid(row: ErrorRow) -> dict[str, Any]:
    error = {"code": row.code, "message": row.message}
    error |= {} if row.subcode is None else {"subcode": row.subcode}
    return {"error": error, "is_valid": False, "scopes": []}
