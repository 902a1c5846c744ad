"""Where Instagram's and Facebook's servers answer, for the real ones and for a simulated Instagram.

Source: Instagram Platform, overview and business login, read 2026-09; the Facebook dialog and
`graph.facebook.com`, Graph API documentation, 2026. A simulated Instagram, or a proxy before one,
has one origin; there the host is the first part of the path.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

from postwright.settings import Settings

Login = Literal["instagram", "facebook"]
"""The way somebody logged in, which decides the host that takes the token."""

_INSTAGRAM_GRAPH: Final = "graph.instagram.com"


@dataclass(frozen=True)
class Hosts:
    """Addresses without a slash at the end."""

    instagram_graph: str
    """Versioned, `https://graph.instagram.com/v25.0`."""
    graph_root: str
    """The root of graph.instagram.com: exchange and refresh of tokens have no version."""
    facebook_graph: str
    instagram_authorize: str
    instagram_code_exchange: str
    facebook_dialog: str

    @classmethod
    def of(cls, settings: Settings) -> Hosts:
        """The addresses that go with `settings.graph_url`."""
        graph_url = settings.graph_url
        root, _, version = graph_url.rpartition("/")
        parts = urlsplit(graph_url)
        if parts.hostname == _INSTAGRAM_GRAPH:
            prefix = "https://"
        else:
            prefix = f"{parts.scheme}://{parts.netloc}/"
        return cls(
            instagram_graph=graph_url,
            graph_root=root,
            facebook_graph=f"{prefix}graph.facebook.com/{version}",
            instagram_authorize=f"{prefix}www.instagram.com/oauth/authorize",
            instagram_code_exchange=f"{prefix}api.instagram.com/oauth/access_token",
            facebook_dialog=f"{prefix}www.facebook.com/{version}/dialog/oauth",
        )

    def graph(self, login: Login) -> str:
        """The versioned Graph API that takes tokens of this login."""
        return self.facebook_graph if login == "facebook" else self.instagram_graph


TOKEN_BEGINNINGS: Final[Mapping[Login, str]] = {"instagram": "IG", "facebook": "EAA"}
"""Source: field reports, 2026; on the other host a token "cannot be parsed"."""


def is_of_a_login(token: str) -> bool:
    """Whether a token can be one of Instagram's at all."""
    return token.startswith(tuple(TOKEN_BEGINNINGS.values()))


def login_of(token: str) -> Login:
    """Which login a token comes from, by how it begins; what begins otherwise is Instagram's."""
    return "facebook" if token.startswith(TOKEN_BEGINNINGS["facebook"]) else "instagram"
