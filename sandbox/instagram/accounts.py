"""The accounts that can publish here. Their tokens open nothing real."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.instagram.hosts import GRAPH_FACEBOOK


@dataclass(frozen=True, slots=True)
class Account:
    """An account with its Page. Three names lead to it: `me`, `user_id` and `app_scoped_id`.

    `token` is of the kind that Meta's app dashboard makes (long-lived), `page_token` is of the
    Facebook Page that the account belongs to.

    Source: Instagram API with Instagram Login, get started (Meta, 2026): `user_id` is the 17-digit
    id that begins 1784; `id` on /me is app-scoped. Live calls accepted either in the path.
    """

    user_id: str
    app_scoped_id: str
    username: str
    name: str
    biography: str
    token: str = field(repr=False)
    page_token: str = field(repr=False)
    page_id: str
    page_name: str

    def is_called(self, name: str) -> bool:
        """Whether an id is one of this account."""
        return name in (self.user_id, self.app_scoped_id)

    def is_meant(self, name: str, host: str) -> bool:
        """Whether a path segment on a host means this account, when its own token is used.

        On graph.facebook.com, `me` is the Page or person of the token.
        """
        if host == GRAPH_FACEBOOK:
            return name == self.user_id
        return name == "me" or self.is_called(name)


@dataclass(frozen=True, slots=True)
class Person:
    """A Facebook user, who manages the Pages that the accounts belong to.

    `token` is a long-lived one, as it comes from a log-in by Facebook.
    """

    id: str
    name: str
    token: str = field(repr=False)


DEMO_ACCOUNT = Account(
    user_id="17841400000042424",
    app_scoped_id="24242400000000042",
    username="postwright.demo",
    name="Postwright Demo",
    biography="Posts published in the sandbox. Nothing here is on the real Instagram.",
    token="IGAASandboxDemoAccessTokenThatOpensNothingReal0001",  # noqa: S106 - worth nothing
    page_token="EAABSandboxDemoPageTokenThatOpensNothingReal0001",  # noqa: S106 - worth nothing
    page_id="100000000004242",
    page_name="Postwright Demo Page",
)

SECOND_ACCOUNT = Account(
    user_id="17841400000024242",
    app_scoped_id="24242400000000024",
    username="postwright.second",
    name="Postwright Second",
    biography="Another account, for whoever publishes for more than one. Nothing here is real.",
    token="IGAASandboxSecondAccessTokenThatOpensNothing0002",  # noqa: S106 - worth nothing
    page_token="EAABSandboxSecondPageTokenThatOpensNothing0002",  # noqa: S106 - worth nothing
    page_id="100000000002424",
    page_name="Postwright Second Page",
)

ACCOUNTS = (DEMO_ACCOUNT, SECOND_ACCOUNT)
DEMO_PERSON = Person(
    id="122100000000424242",
    name="Postwright Person",
    token="EAABSandboxDemoUserTokenThatOpensNothingReal0003",  # noqa: S106 - worth nothing
)
