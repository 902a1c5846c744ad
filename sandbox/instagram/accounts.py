"""The account that can publish here, and what its access tokens are worth."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sandbox.instagram import errors
from sandbox.instagram.errors import GraphError


@dataclass(frozen=True, slots=True)
class Account:
    """A professional account. Three names lead to it: `me`, `user_id` and `app_scoped_id`.

    Source: Instagram API with Instagram Login, get started (Meta, 2026): `user_id` is the 17-digit
    id that begins 1784; `id` on /me is app-scoped. Live calls accepted either in the path.
    """

    user_id: str
    app_scoped_id: str
    username: str
    name: str
    biography: str
    token: str
    account_type: str = "BUSINESS"


DEMO_ACCOUNT = Account(
    user_id="17841400000042424",
    app_scoped_id="24242400000000042",
    username="postwright.demo",
    name="Postwright Demo",
    biography="Posts published in the sandbox. Nothing here is on the real Instagram.",
    token="IGAASandboxDemoAccessTokenThatOpensNothingReal0001",  # noqa: S106 - worth nothing
)


class TokenState(StrEnum):
    OK = "ok"
    EXPIRED = "expired"
    REVOKED = "revoked"


class TokenBook:
    """Which token belongs to which account, and whether it still works."""

    def __init__(self, *accounts: Account) -> None:
        self._accounts = {account.token: account for account in accounts}
        self._states = {account.token: TokenState.OK for account in accounts}
        self._owner = accounts[0]

    def account_of(self, token: str | None) -> Account:
        """Raises GraphError 104, 190, 190/463 or 190/460."""
        if not token:
            raise GraphError(errors.TOKEN_MISSING)
        match self._states.get(token):
            case TokenState.OK:
                return self._accounts[token]
            case TokenState.EXPIRED:
                raise GraphError(errors.TOKEN_EXPIRED)
            case TokenState.REVOKED:
                raise GraphError(errors.TOKEN_REVOKED)
            case _:
                raise GraphError(errors.TOKEN_BAD)

    def switch(self, states: dict[str, TokenState]) -> None:
        """Set states by whole token or masked form; an unknown whole token is given out anew."""
        for name, state in states.items():
            known = [token for token in self._states if name in (token, mask(token))]
            for token in known or [name]:
                self._accounts.setdefault(token, self._owner)
                self._states[token] = state

    def masked(self) -> dict[str, str]:
        return {mask(token): state.value for token, state in self._states.items()}


def mask(token: str) -> str:
    """`IGAA...0001`: enough to tell tokens apart."""
    return f"{token[:4]}...{token[-4:]}"
