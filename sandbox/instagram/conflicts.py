"""Where sources disagree, and which side is taken here.

Meta's pages are named with their stamp or the day they were read, projects with the day of what was
seen in them.
"""

from __future__ import annotations

from sandbox.instagram.stances import Stance

CONFLICTS = (
    Stance(
        "Posts in 24 hours",
        "100.",
        (
            (
                "100: Meta, content publishing guide (2026-06-30), section on rate limits; live"
                " readings of 2026-09-03, 09-20 and 09-23"
            ),
            (
                "50: the same guide's section on carousels; Meta, media_publish and"
                " content_publishing_limit (2026, with v26.0 examples)"
            ),
            "25: material older than 2024",
        ),
        keys=("quota_total",),
    ),
    Stance(
        "Items in a carousel",
        "2 to 10.",
        (
            "10: Meta, content publishing guide, IG User media and error codes (2026)",
            "20: the app, and some third parties",
        ),
        keys=("carousel_max",),
    ),
    Stance(
        "Formats of images",
        "JPEG alone; anything else is refused with 36001/2207005.",
        (
            "JPEG: Meta, content publishing guide and IG User media (2026)",
            "PNG and WebP containers reached FINISHED: public live notes of 2026-09-15",
        ),
        keys=("lenient_images",),
    ),
    Stance(
        "Answer to the exchange of a code",
        "Flat, with a numeric `user_id` and `permissions` as a list.",
        (
            "inside of `data`, with strings: Meta, business login (2026-03-13)",
            "flat: postiz, brightbean-studio and post-for-me rely on it (2026-07 to 2026-09)",
        ),
        keys=("wrapped_answers",),
    ),
    Stance(
        "Host of the page that asks the user",
        "Both hosts, and the bare origin, show it.",
        (
            "www.instagram.com: Meta, business login (2026-03-13)",
            "api.instagram.com: Meta, oauth-authorize (2025-07-17)",
        ),
        fixed="Whoever uses either gets the same.",
    ),
    Stance(
        "Answer of /me",
        "Flat.",
        (
            "inside of `data`: Meta, get started (2026)",
            "flat: postiz, framepost, post-for-me, and a public live run of 2026-09-20",
        ),
        keys=("wrapped_answers",),
    ),
    Stance(
        "The account's id in a path",
        "`me`, `user_id` and the app-scoped id all lead to the account.",
        (
            "`user_id`, which begins 1784: Meta, get started (2026)",
            (
                "the app-scoped id: Meta, IG User media and media_publish (2026);"
                " meta-mcp issue 138 (2026-04-05)"
            ),
            "either: framepost (2026-09)",
        ),
        fixed="Nothing was seen to work with one and fail with the other for certain.",
    ),
    Stance(
        "Refreshing a token younger than 24 hours",
        "Refused.",
        (
            "refused: Meta, business login (2026-03-13) and refresh_access_token (2025-07-17)",
            "accepted at once: a public live run of 2026-09-20",
        ),
        keys=("refresh_min_age_hours",),
    ),
    Stance(
        "Resumable upload on graph.instagram.com",
        "`upload_type` is ignored there, so that `video_url` is missing.",
        (
            "for everybody: Meta, IG User media (2026)",
            (
                "for Facebook Login: Meta, content publishing guide and resumable uploads (2026);"
                " ignored in practice in seven public projects, v21.0 to v25.0"
            ),
        ),
        fixed="Every live report agrees.",
    ),
    Stance(
        "An action block, 4/2207051",
        "Never by itself. Scripted, it has HTTP 403, and takes no effect unless told to.",
        (
            "HTTP 400, nothing published: Meta, error codes (2026-06-02)",
            (
                "HTTP 403, and the post was live: postiz pull request 1681 (2026-07-06),"
                " public logs of 2026-05-28 and 2026-06-26"
            ),
        ),
        faults=("error", "http_status", "effect"),
    ),
    Stance(
        "A second publish of the same container",
        "Refused with 24/2207008.",
        (
            "answers the first id again: letspepper (2026)",
            "makes a second post: framepost (2026-09)",
            "an error: what another public client expects",
        ),
        keys=("repeat_publish",),
    ),
    Stance(
        "Media that cannot be fetched, 9004/2207052",
        "Only when it really cannot be fetched.",
        (
            "the URL is wrong: Meta, error codes (2026-06-02)",
            "often transient: postiz pull request 1900 (2026-08-17), mixpost issue 197 (2026-03)",
        ),
        faults=("error", "times", "match"),
    ),
    Stance(
        "Server error -1/2207001",
        "Never by itself.",
        (
            "try again: Meta, error codes (2026-06-02)",
            "a sign of spam detection: postiz (2026-08)",
        ),
        faults=("error",),
    ),
    Stance(
        "`caption` and `media_product_type` with Instagram Login",
        "Answered.",
        (
            "Facebook Login only: Meta, IG Media (2026-08-12)",
            "answered on graph.instagram.com: framepost, and a public live run of 2026-09-20",
        ),
        keys=("caption_fields",),
    ),
    Stance(
        "Collaborators with Instagram Login",
        "Taken.",
        (
            "Facebook Login only: Meta, platform overview (2026)",
            "no limit named: Meta, IG User media (2026); works in production: framepost (2026-09)",
        ),
        faults=("error",),
    ),
    Stance(
        "Hashtags in a caption",
        "30.",
        (
            "30: Meta, IG User media and error codes (2026)",
            "5: announced for the product on 2025-12-18",
        ),
        keys=("hashtag_max",),
    ),
    Stance(
        "Name of the scope for publishing",
        "`instagram_business_content_publish`.",
        (
            "with `publish`: all of Meta's reference pages (2026)",
            "with `publishing`: Meta's App Review page, in public notes of 2026-09-29",
        ),
        fixed="One page against all others.",
    ),
    Stance(
        "Pace of looking at a container",
        "Any pace is answered; every look counts as a call.",
        (
            "once a minute, for 5 minutes: Meta, content publishing guide (2026-06-30)",
            "every 3 s for 90 s: Meta's sample reels_publishing_apis (2026-04-28)",
            "2 to 60 s, for 8 minutes and more: postiz, framepost, brightbean-studio (2026)",
        ),
        keys=("image", "video", "carousel", "ready_after_polls"),
    ),
    Stance(
        "`status` of a container that failed",
        "A sentence with the code of seven digits in it.",
        (
            "an error subcode: Meta, IG Container (2026)",
            "a sentence, or the bare word Fatal: postiz pull request 1992 (2026-08-30)",
        ),
        faults=("processing_error",),
    ),
    Stance(
        "Hosts that media may lie on",
        "Any that answers.",
        (
            "any public server: Meta, content publishing guide (2026-06-30)",
            "an allowlist, and only some forms of S3 URLs: eleven11.pro (2026)",
            "presigned S3-compatible URLs work: post-for-me (2026-07-30)",
        ),
        fixed="Hosts on this machine are none of those the reports are about.",
    ),
    Stance(
        "Token in the header",
        "Taken from header, query and body; the request log says from where.",
        (
            "header: Meta's own examples (2026); it works: framepost, brightbean-studio (2026)",
            "undocumented: a public audit of 2026-10-04",
        ),
        fixed="All ways work in production.",
    ),
    Stance(
        "Kind of token with Facebook Login",
        "Both kinds open the account.",
        (
            "a Page's: Meta, content publishing guide (2026-06-30)",
            "a user's: Meta, IG User media, media_publish, IG Container (2026)",
        ),
        keys=("tokens",),
    ),
    Stance(
        "Size and length of a Reel",
        "300 MB, 3 s to 15 min.",
        (
            "300 MB, 3 s to 15 min: Meta, IG User media (2026)",
            "1 GB, 100 MB, 90 s: older material",
        ),
        faults=("processing_error",),
    ),
    Stance(
        "`enable_fb_login`",
        "Tolerated; the page never offers a log-in by Facebook.",
        (
            "deprecated 2025-06-14: Meta, changelog",
            "back since 2026-02-06: Meta, changelog and business login (2026-03-13)",
        ),
        fixed="Log-in by Facebook is not imitated.",
    ),
)
