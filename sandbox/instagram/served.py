"""Every route and every field that a client or a test can use, in words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Served:
    """`hosts` is empty where any of both Graph hosts will do."""

    method: str
    path: str
    does: str
    hosts: tuple[str, ...] = ()


_INSTAGRAM, _FACEBOOK = ("graph.instagram.com",), ("graph.facebook.com",)
_USER, _MEDIA, _COMMENT = "/{ig-user-id}", "/{ig-media-id}", "/{ig-comment-id}"
_HASHTAG, _PERSON = "/{ig-hashtag-id}", "/{facebook-user-id}"

GRAPH_ROUTES = (
    Served("GET", _USER, "the account; with Instagram Login also as `/me`"),
    Served("POST", f"{_USER}/media", "makes a container"),
    Served("GET", "/{ig-container-id}", "how a container is doing, in five fields"),
    Served("POST", f"{_USER}/media_publish", "publishes a container"),
    Served("GET", f"{_USER}/content_publishing_limit", "how much of the quota is used"),
    Served("GET", f"{_USER}/media", "posts, newest first, in pages"),
    Served("GET", f"{_USER}/stories", "stories of the last 24 hours"),
    Served("GET", f"{_USER}/permissions", "400, code 100, as was seen in 2026", _INSTAGRAM),
    Served("GET", _MEDIA, "a post, a story or an item of a carousel"),
    Served("GET", f"{_MEDIA}/children", "the items of a carousel"),
    Served("POST", _MEDIA, "`comment_enabled` switches comments"),
    Served("DELETE", _MEDIA, "deletes a post", _FACEBOOK),
    Served("POST", f"{_MEDIA}/comments", "comments; with `fields` it works and answers 20/1772107"),
    Served("GET", f"{_MEDIA}/comments", "comments, newest first, at most 50 on a page"),
    Served("GET", _COMMENT, "one comment"),
    Served("POST", _COMMENT, "`hide` hides or shows it"),
    Served("DELETE", _COMMENT, "deletes it with its replies"),
    Served("POST", f"{_COMMENT}/replies", "replies"),
    Served("GET", f"{_COMMENT}/replies", "replies, newest first"),
    Served("GET", _PERSON, "the user of the token; also as `/me`", _FACEBOOK),
    Served("GET", f"{_PERSON}/permissions", "which are granted and declined", _FACEBOOK),
    Served("GET", f"{_PERSON}/accounts", "Pages, with token and Instagram account", _FACEBOOK),
    Served("GET", "/{page-id}", "a Page; with its own token also as `/me`", _FACEBOOK),
    Served("GET", "/ig_hashtag_search", "the id of a hashtag, which then counts", _FACEBOOK),
    Served("GET", _HASHTAG, "a hashtag that was searched for", _FACEBOOK),
    Served("GET", f"{_HASHTAG}/top_media", "made-up posts that were liked most", _FACEBOOK),
    Served("GET", f"{_HASHTAG}/recent_media", "made-up posts of the last 24 hours", _FACEBOOK),
    Served("GET", f"{_USER}/recently_searched_hashtags", "hashtags that count, by id", _FACEBOOK),
    Served("GET", "/pages/search", "places by name and city, all made up", _FACEBOOK),
)

TOKEN_ROUTES = (
    Served(
        "GET",
        "/oauth/authorize",
        "the page that asks the user",
        ("www.instagram.com", "api.instagram.com"),
    ),
    Served("POST", "/oauth/access_token", "a code for a short-lived token", ("api.instagram.com",)),
    Served("GET", "/access_token", "a short-lived token for a long-lived one", _INSTAGRAM),
    Served("GET", "/refresh_access_token", "60 more days", _INSTAGRAM),
    Served("GET", "/dialog/oauth", "the page that asks a user of Facebook", ("www.facebook.com",)),
    Served(
        "GET",
        "/oauth/access_token",
        "a code for a user's token, or with `fb_exchange_token` that for one of 60 days",
        _FACEBOOK,
    ),
    Served(
        "POST",
        "/ig-api-upload/{ig-container-id}",
        "takes the bytes of a video; also with a version before the id",
        ("rupload.facebook.com",),
    ),
    Served("GET", "/debug_token", "what a token is", _FACEBOOK),
)

PAGES = (
    Served("GET", "/", "leads to the demo account's profile"),
    Served("GET", "/{username}/", "an account and its posts"),
    Served("GET", "/p/{shortcode}/", "a post, with its comments"),
    Served("GET", "/reel/{shortcode}/", "a Reel"),
    Served("GET", "/stories/{username}/{ig-media-id}", "a story, for 24 hours"),
    Served("GET", "/_media/{ig-media-id}", "the bytes that were fetched"),
    Served("GET", "/_media/{ig-media-id}/thumbnail", "a frame of a video"),
)

CONTROL_ROUTES = (
    Served(
        "POST",
        "/_control/reset",
        "forgets posts, containers, script and log; default config; tokens that work stay",
    ),
    Served("GET", "/_control/posts", "what is live, newest first, with the SHA-256 of the bytes"),
    Served("GET", "/_control/requests", "every Graph call in order, without anything secret"),
    Served("GET", "/_control/config", "the configuration"),
    Served("POST", "/_control/config", "changes the keys below; unknown ones are refused"),
    Served("GET", "/_control/clock", "the simulated time"),
    Served("POST", "/_control/clock", '`{"advance_seconds": 3600}` moves it'),
    Served("GET", "/_control/faults", "the script, with how often each line was seen and done"),
    Served("POST", "/_control/faults", '`{"faults": [...]}` adds lines'),
    Served("DELETE", "/_control/faults", "forgets the script"),
)

FAULT_FIELDS = {
    "call": "Which call; any when it is left out.",
    "match": "A part of the media's path, of the caption, or of an id of the call.",
    "after": "So many such calls pass first.",
    "times": "How often it happens; `null` for good.",
    "probability": "Chance, drawn from the seed and from what the call is about.",
    "error": "`[code, subcode]`: a full Graph error; the subcode may be `null`.",
    "http_status": "Of the error; otherwise that of its row.",
    "message": "Of the error; otherwise that of its row.",
    "status": "With `body`, instead of an error: any answer.",
    "body": "Text, or an object that becomes JSON.",
    "content_type": "Of the body.",
    "answer": (
        "`html` (502), `empty` (200), `cut` (the real answer's first half), `reset` (of the"
        " connection), `drip` (a byte a second, without end), `hang` (nothing, for an hour)."
    ),
    "effect": (
        "Whether the call works although something else is answered: `never`, `first`, `late`. By"
        " default `never`; `first` for `cut` and `drip`."
    ),
    "late_seconds": "How much later, with `late`.",
    "delay_seconds": "Before anything happens.",
    "processing_seconds": "Of the container that is made.",
    "processing_error": "The container fails with this subcode in its `status`, or with `Fatal`.",
    "expires_after_seconds": "Of the container that is made.",
    "drop_children": "Items, counted from 0, that do not go live although the post does.",
    "status_lag_seconds": "How long the container does not show that it is published.",
    "throttle_minutes": "From now on the account's calls are refused.",
    "throttle_code": "With this code.",
}

PROCESSING_FIELDS = {
    "seconds": "The base.",
    "seconds_per_megabyte": "More for a large file.",
    "seconds_per_second": "More for a long video.",
    "distribution": "How the times scatter.",
    "spread": (
        "How far: the largest deviation as a share (`uniform`), sigma around the median"
        " (`lognormal`), the distance of the humps from the middle (`two_humps`)."
    ),
    "at_most": "The longest time.",
}

TOKEN_FIELDS = {
    "state": "Whether it works.",
    "kind": (
        "Short- or long-lived of Instagram, of a Page, or short- or long-lived of a Facebook user;"
        " as it was when left out."
    ),
    "age_hours": "How long ago it was given out.",
    "scopes": "What it may do; as it was when left out, which for a new token is everything.",
    "account": "Whose it is; as it was when left out, which for a new token is the demo account.",
}
