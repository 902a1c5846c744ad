"""Access tokens: what they open, and for how long.

Sources: business login (Meta, stamp 2026-03-13) for lives of one hour and 60 days, Instagram
platform overview (Meta, 2026) for the hosts. Tokens that begin with IG work on graph.instagram.com,
those that begin with EAA on graph.facebook.com; on the other host a token "cannot be parsed". The
token of a Page does not end by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sandbox.instagram import errors
from sandbox.instagram.accounts import Account
from sandbox.instagram.errors import GraphError
from sandbox.instagram.hosts import GRAPH_FACEBOOK, GRAPH_INSTAGRAM
from sandbox.instagram.scopes import FACEBOOK_SCOPES, INSTAGRAM_SCOPES


class Kind(StrEnum):
    """`page` is the token of a Page, `user` and `short_user` are those of a Facebook user."""

    SHORT = "short"
    LONG = "long"
    PAGE = "page"
    USER = "user"
    SHORT_USER = "short_user"

    @property
    def life(self) -> timedelta | None:
        """Source for users: an hour or two, and about 60 days for a long-lived one (Meta, 2026)."""
        return _LIVES[self]

    @property
    def is_of_person(self) -> bool:
        return self in (Kind.USER, Kind.SHORT_USER)

    @property
    def host(self) -> str:
        is_of_facebook = self is Kind.PAGE or self.is_of_person
        return GRAPH_FACEBOOK if is_of_facebook else GRAPH_INSTAGRAM

    @property
    def all_scopes(self) -> tuple[str, ...]:
        return tuple(FACEBOOK_SCOPES if self.host == GRAPH_FACEBOOK else INSTAGRAM_SCOPES)


LONG_LIFE = timedelta(days=60)
_LIVES = {
    Kind.SHORT: timedelta(hours=1),
    Kind.LONG: LONG_LIFE,
    Kind.PAGE: None,
    Kind.USER: LONG_LIFE,
    Kind.SHORT_USER: timedelta(hours=1),
}


class TokenState(StrEnum):
    OK = "ok"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Token:
    """A token that was given out; without `ends_at` it does not end by itself.

    That of a Facebook user opens every account that the user let the app have, others one. What
    such a user `declined` is remembered; a Page's token falls with the one it was `made_with`.
    """

    text: str = field(repr=False)
    accounts: tuple[Account, ...]
    kind: Kind
    issued_at: datetime
    ends_at: datetime | None
    scopes: tuple[str, ...]
    is_revoked: bool = False
    declined: tuple[str, ...] = ()
    made_with: str | None = field(default=None, repr=False)

    def state(self, now: datetime) -> TokenState:
        if self.is_revoked:
            return TokenState.REVOKED
        is_over = self.ends_at is not None and now >= self.ends_at
        return TokenState.EXPIRED if is_over else TokenState.OK

    def require(self, *scopes: str) -> None:
        """Raises GraphError 10 when one of these permissions was not given."""
        missing = [scope for scope in scopes if scope not in self.scopes]
        if missing:
            row = errors.PERMISSION_MISSING
            raise GraphError(row.saying(f"{row.message}: {', '.join(missing)}"))


@dataclass(frozen=True, slots=True)
class Code:
    """What the code in a redirect can be exchanged for, once."""

    accounts: tuple[Account, ...]
    scopes: tuple[str, ...]
    redirect_uri: str
    ends_at: datetime
    declined: tuple[str, ...] = ()


def issued(
    text: str,
    accounts: tuple[Account, ...],
    kind: Kind,
    now: datetime,
    scopes: tuple[str, ...] | None = None,
    declined: tuple[str, ...] = (),
    made_with: str | None = None,
) -> Token:
    """A token with the whole life of its kind before it, by default with all permissions."""
    ends_at = None if kind.life is None else now + kind.life
    given = kind.all_scopes if scopes is None else scopes
    return Token(text, accounts, kind, now, ends_at, given, declined=declined, made_with=made_with)
