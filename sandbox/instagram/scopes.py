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
FACEBOOK_SCOPES = (
    "instagram_basic",
    "instagram_content_publish",
    "instagram_manage_comments",
    "instagram_manage_messages",
    "instagram_manage_insights",
    DELETING,
    "instagram_manage_engagement",
    "pages_read_engagement",
    "pages_show_list",
    "business_management",
)

_NEEDED = {
    "create": PUBLISH,
    "publish": PUBLISH,
    "status": PUBLISH,
    "quota": PUBLISH,
    "comment": COMMENTS,
    "comments": COMMENTS,
}
_FREE = ("search",)


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
