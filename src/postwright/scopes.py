"""What an account and its token must be like for anything to be published with them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from postwright.hosts import Login

SCOPES: Final[Mapping[Login, tuple[str, ...]]] = {
    "instagram": ("instagram_business_basic", "instagram_business_content_publish"),
    "facebook": (
        "instagram_basic",
        "instagram_content_publish",
        "pages_read_engagement",
        "pages_show_list",
        "business_management",
    ),
}
"""What is asked for. Source: business login and content publishing guide, 2026; that Pages of a
business are only listed with `business_management`: field reports, 2026.
"""
_NOT_NEEDED: Final = frozenset({"business_management"})
"""Asked for, and a log-in works without it where the Page belongs to no business."""

PROFESSIONAL: Final = ("BUSINESS", "MEDIA_CREATOR", "CREATOR")
"""Source: `/me` reference, 2026, says Business and Media_Creator; a live answer had BUSINESS."""


def missing_scopes(login: Login, granted: Collection[str]) -> list[str]:
    """The permissions without which nothing can be published, of those that were not granted."""
    return [s for s in SCOPES[login] if s not in granted and s not in _NOT_NEEDED]


def is_professional(account_type: str) -> bool:
    """Whether Instagram publishes for accounts of this type."""
    return account_type.upper() in PROFESSIONAL
