"""Every token that was given out, and how a test gets the one it needs."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.instagram import errors
from sandbox.instagram.accounts import DEMO_PERSON, Account
from sandbox.instagram.config import ConfigError, sentences
from sandbox.instagram.errors import GraphError
from sandbox.instagram.tokens import Code, Kind, Token, TokenState, issued


class TokenChange(BaseModel):
    """A token as a test wants it. Kind, scopes and account stay when they are not said, the rest is
    as in a token that is given out now.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    state: TokenState = TokenState.OK
    kind: Kind | None = None
    age_hours: float = Field(default=0, ge=0, le=100_000)
    scopes: tuple[str, ...] | None = None
    account: str | None = None


class TokenBook:
    """All tokens that were ever given out, and the codes of both kinds of log-in not yet used.

    Not thread-safe: its owner holds a lock.
    """

    def __init__(self, accounts: tuple[Account, ...], now: datetime) -> None:
        self._accounts = accounts
        self._tokens: dict[str, Token] = {}
        self._page_tokens: dict[tuple[str, Account], str] = {}
        self.codes: dict[str, Code] = {}
        self.facebook_codes: dict[str, Code] = {}
        self.used_codes: set[str] = set()
        self._configured: set[str] = set()
        for account in accounts:
            self.add(issued(account.token, (account,), Kind.LONG, now))
        person = issued(DEMO_PERSON.token, accounts, Kind.USER, now)
        for account in accounts:
            self.page_token(person, account, now, partial(str, account.page_token))
        self.add(person)

    def add(self, token: Token) -> None:
        """Give a token out; another one with the same text is forgotten."""
        self._tokens[token.text] = token

    def keep_working(self, before: TokenBook, now: datetime) -> None:
        """Take over what still works of another book, so that who has stored a token can go on.

        What a test made of a token by the config is over, and so is a token that it gave out.
        """
        for text, token in before._tokens.items():
            if text in before._configured or before.state(token, now) is not TokenState.OK:
                continue
            own = self._tokens.get(text)
            if own is None:
                self.add(token)
            elif own.kind is token.kind:
                self.add(replace(own, issued_at=token.issued_at, ends_at=token.ends_at))
        self._page_tokens = before._page_tokens | self._page_tokens

    def find(self, text: str) -> Token | None:
        return self._tokens.get(text)

    def page_token(
        self, person: Token, account: Account, now: datetime, draw: Callable[[], str]
    ) -> Token:
        """That of the account's Page as a user gets it, always the same; drawn if it is new."""
        text = self._page_tokens.get((person.text, account))
        if text is None:
            text = self._page_tokens[person.text, account] = draw()
            new = issued(text, (account,), Kind.PAGE, now, person.scopes, made_with=person.text)
            ends_at = person.ends_at if person.kind is Kind.SHORT_USER else None
            self.add(replace(new, ends_at=ends_at))
        return self._tokens[text]

    def state(self, token: Token, now: datetime) -> TokenState:
        """Also by the token that it was made with."""
        origin = self._tokens.get(token.made_with) if token.made_with is not None else None
        if origin is not None and origin.is_revoked:
            return TokenState.REVOKED
        return token.state(now)

    def open(self, text: str | None, host: str, now: datetime) -> Token:
        """The token of a call on this host; raises GraphError 104, 190, 190/463 or 190/460."""
        if not text:
            raise GraphError(errors.TOKEN_MISSING)
        token = self._tokens.get(text)
        if token is None or token.kind.host != host:
            raise GraphError(errors.TOKEN_BAD)
        match self.state(token, now):
            case TokenState.EXPIRED:
                raise GraphError(errors.TOKEN_EXPIRED)
            case TokenState.REVOKED:
                raise GraphError(errors.TOKEN_REVOKED)
        return token

    def change(self, changes: dict[str, TokenChange], now: datetime) -> None:
        """By whole token or masked form; a whole token that is not known is given out.

        Raises ConfigError; then nothing has changed.
        """
        wanted = [
            self._changed(token, change, now)
            for name, change in changes.items()
            for token in self._named(name, now)
        ]
        for token in wanted:
            self.add(token)
            self._configured.add(token.text)

    def masked(self, now: datetime) -> dict[str, str]:
        """The states of all tokens."""
        return {mask(text): self.state(token, now).value for text, token in self._tokens.items()}

    def _named(self, name: str, now: datetime) -> list[Token]:
        known = [token for text, token in self._tokens.items() if name in (text, mask(text))]
        if not known and _MASKED.fullmatch(name):
            raise ConfigError("tokens: no token has this masked form.")
        kind = Kind.LONG if name.startswith("IG") else Kind.PAGE
        return known or [issued(name, self._accounts[:1], kind, now)]

    def _changed(self, token: Token, change: TokenChange, now: datetime) -> Token:
        kind = change.kind or token.kind
        if kind.host != token.kind.host:
            raise ConfigError(
                "tokens: kind is short or long with IG, page, user or short_user with EAA."
            )
        scopes = token.scopes if change.scopes is None else change.scopes
        if set(scopes) - set(kind.all_scopes):
            raise ConfigError(f"tokens: scopes of {kind} tokens are {', '.join(kind.all_scopes)}.")
        born = now - timedelta(hours=change.age_hours)
        new = issued(token.text, self._opened(token, change), kind, born, scopes)
        match change.state:
            case TokenState.EXPIRED:
                return replace(new, ends_at=now)
            case TokenState.REVOKED:
                return replace(new, is_revoked=True)
        return new

    def _opened(self, token: Token, change: TokenChange) -> tuple[Account, ...]:
        if change.account is None:
            return token.accounts
        for account in self._accounts:
            if account.user_id == change.account:
                return (account,)
        known = ", ".join(account.user_id for account in self._accounts)
        raise ConfigError(f"tokens: account is one of {known}.")


def mask(text: str) -> str:
    """`IGAA...0001`: enough to tell tokens apart."""
    return f"{text[:4]}...{text[-4:]}"


_WHOLE = re.compile(r"(?:IG|EAA)[\w-]{18,}")
_MASKED = re.compile(r"\w{4}\.\.\.[\w-]{4}")


def token_changes(value: object) -> dict[str, TokenChange]:
    """The `tokens` part of a config; its errors never repeat a token."""
    if not isinstance(value, dict):
        raise ConfigError("tokens: must be an object.")
    if not all(_WHOLE.fullmatch(name) or _MASKED.fullmatch(name) for name in value):
        raise ConfigError("tokens: a token begins with IG or EAA and 18 more characters.")
    return {name: _change(wanted) for name, wanted in value.items()}


def _change(value: object) -> TokenChange:
    wanted = value if isinstance(value, dict) else {"state": value}
    try:
        return TokenChange.model_validate(wanted)
    except ValidationError as error:
        raise ConfigError(f"tokens: {sentences(error)}") from error
