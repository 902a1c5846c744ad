"""What Instagram does and the simulated one does not."""

from __future__ import annotations

from sandbox.instagram.stances import Stance

_OUT = "Publishing does not need it."
_UNKNOWN = "Nothing here could know it."

NOT_IMITATED = (
    Stance(
        "The rest of Facebook's log-in",
        "No business configurations (`config_id`), no app tokens except for `debug_token`, no"
        " `/me/businesses`, no roles that come through a business, no two-factor demands of a Page;"
        " there is one user, who has both Pages.",
        keys=("tokens",),
    ),
    Stance(
        "Transcoding, cropping, scaling and colour",
        "Media is served byte for byte as it was fetched.",
        fixed="So that a test can compare the bytes.",
    ),
    Stance(
        "Covers of reels",
        "`cover_url` is stored, not fetched; the thumbnail is a frame of the video, the one at"
        " `thumb_offset` when there is no `cover_url`.",
        fixed="When Meta fetches a cover, and how it fails, is not established.",
    ),
    Stance(
        "Whether tagged users, collaborators, sponsors and products exist",
        "Any name will do that has the right form; an invitation is never answered.",
        faults=("error",),
    ),
    Stance(
        "Whether a location exists",
        "A handful of made-up places are known, some of them without coordinates; other numeric"
        " ids are taken.",
        keys=("unknown_locations",),
    ),
    Stance(
        "robots.txt and firewalls before the media",
        "robots.txt is not asked for; what the media server answers decides.",
        fixed="A server that refuses the crawler can simply answer 403.",
    ),
    Stance(
        "Spam detection and every other judgement on content",
        "None. Copyright checks find nothing.",
        faults=("error", "processing_error"),
    ),
    Stance(
        "Other people: likes, comments, followers, views, mentions",
        "All counts are 0, except of the account's own comments; no comment is too long.",
        fixed=_UNKNOWN,
    ),
    Stance(
        "Insights, business discovery, messaging, audio search, webhooks, oEmbed",
        "Not served.",
        fixed=_OUT,
    ),
    Stance(
        "Hashtags and the public posts that have them",
        "All made up, the same for a word everywhere; permalinks and `media_url` of these posts"
        " lead nowhere, and posts published here are not among them.",
        keys=("sensitive_hashtags", "unused_hashtags"),
    ),
    Stance(
        "Live video, shopping, product and partnership pages",
        "The parameters are checked and travel along; nothing comes of them.",
        fixed=_OUT,
    ),
    Stance(
        "Allowances per app and per user",
        "One allowance for each account; CPU and time are always 0 percent.",
        keys=("calls_per_hour", "usage_headers"),
        faults=("throttle_minutes", "throttle_code"),
    ),
    Stance(
        "App review, access levels, unpublished accounts",
        "Two accounts, for which the app may do everything it has scopes for.",
        keys=("account_types", "public_content_access", "tokens"),
    ),
    Stance(
        "Exact sentences",
        "Codes, subcodes, types and statuses are Instagram's where they are known; texts are partly"
        " ours, and the translations are.",
        keys=("locale",),
        faults=("message",),
    ),
    Stance(
        "The rest of Graph",
        "No batches, no `ids=`, no `summary`, no `.limit()` inside of `fields`, no introspection,"
        " no headers beyond usage and type.",
        fixed=_OUT,
    ),
    Stance(
        "10,000 posts as the depth of the media list",
        "All posts are listed.",
        fixed="Nobody publishes so many here.",
    ),
)
