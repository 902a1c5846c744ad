"""Permissions: their names in both kinds of login, and which of them a call needs.

Source: business login (Meta, stamp 2026-03-13), content publishing guide (Meta, 2026-06-30),
changelog entries of 2025-12 and 2026-04. `instagram_business_basic` goes with every other scope;
publishing with Facebook Login also needs `pages_read_engagement`.
"""

from __future__ import annotations

from sandbox.instagram.hosts import GRAPH_FACEBOOK

BASIC = "instagram_business_basic"
PUBLISH = "instagram_business_content_publish"
COMMENTS = "instagram_business_manage_comments"
MESSAGES = "instagram_business_manage_messages"
INSIGHTS = "instagram_business_manage_insights"
INSTAGRAM_SCOPES = {
    BASIC: "See the profile and its media",
    PUBLISH: "Publish posts, reels and stories",
    COMMENTS: "Read, write, hide and delete comments",
    MESSAGES: "Read and answer messages",
    INSIGHTS: "See insights",
}
"""What an app can ask for, and what the page that asks the user says about it."""

DELETING = "instagram_manage_contents"
"""For deleting media, which Instagram Login has no scope for."""
_FACEBOOK_NAMES = {
    BASIC: ("instagram_basic",),
    PUBLISH: ("instagram_content_publish", "pages_read_engagement"),
    COMMENTS: ("instagram_manage_comments",),
    DELETING: (DELETING,),
}
PROFILE = "public_profile"
"""Every user of an app gives it."""
FACEBOOK_SCOPES = {
    PROFILE: "See the name",
    "instagram_basic": "See the profile and its media",
    "instagram_content_publish": "Publish posts, reels and stories",
    "instagram_manage_comments": "Read, write, hide and delete comments",
    "instagram_manage_messages": "Read and answer messages",
    "instagram_manage_insights": "See insights",
    DELETING: "Delete media",
    "instagram_manage_engagement": "Like media",
    "pages_read_engagement": "Read what is on the Pages",
    "pages_show_list": "See the list of Pages",
    "business_management": "Manage the business",
    "ads_management": "Manage ads",
    "ads_read": "See ads",
}
"""The same with Facebook Login."""

_NEEDED = {
    "create": PUBLISH,
    "publish": PUBLISH,
    "status": PUBLISH,
    "quota": PUBLISH,
    "comment": COMMENTS,
    "comments": COMMENTS,
}
PERSON_CALLS = ("person", "pages", "page", "permissions")
"""About a Facebook user and Pages, not about an Instagram account."""
_FREE = ("search", *PERSON_CALLS)


def needed_for(call: str | None, host: str) -> tuple[str, ...]:
    """The scopes that a call needs, in the names of its host; by the call names of faults.py."""
    if call in _FREE:
        return ()
    return _named(host, BASIC, *(_NEEDED[call],) if call in _NEEDED else ())


def needed_to_change(host: str, *, is_deleting_media: bool) -> tuple[str, ...]:
    """The same for `POST /{id}` and `DELETE /{id}` of a media or comment."""
    if is_deleting_media:
        return _named(host, BASIC, DELETING) if host == GRAPH_FACEBOOK else (BASIC,)
    return _named(host, BASIC, COMMENTS)


def _named(host: str, *scopes: str) -> tuple[str, ...]:
    if host != GRAPH_FACEBOOK:
        return scopes
    return tuple(name for scope in scopes for name in _FACEBOOK_NAMES[scope])
