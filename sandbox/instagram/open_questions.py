"""What no source establishes, and what happens here instead."""

from __future__ import annotations

from sandbox.instagram.stances import Stance

OPEN_QUESTIONS = (
    Stance(
        "Parameters of the caption add-ons that Meta announced on 2026-09-28",
        "Ignored, as every parameter that is not known.",
        fixed="Their names are not public.",
    ),
    Stance(
        "The error above 400 containers in 24 hours",
        "-1/2207032 with a text that calls itself a placeholder.",
        keys=("container_cap",),
        faults=("error",),
    ),
    Stance(
        "The answer to publishing a container twice",
        "24/2207008.",
        keys=("repeat_publish",),
    ),
    Stance(
        "`status` of an expired container",
        "A sentence of our own; `status_code` is EXPIRED as documented.",
        faults=("expires_after_seconds", "status", "body"),
    ),
    Stance(
        "More than 30 hashtags, and whether the limit of 5 holds for the API",
        "The 31st is refused with 36004/2207010, the error of a caption that is too long.",
        keys=("hashtag_max",),
    ),
    Stance(
        "The body of a refused refresh or exchange",
        "An ordinary Graph error object.",
        faults=("error", "status", "body"),
    ),
    Stance(
        "Whether stories count against the quota",
        "They do.",
        keys=("stories_count",),
    ),
    Stance(
        "Size and length of a carousel's videos",
        "Those of a Reel, and a last frame at 3.0 s or later.",
        faults=("processing_error",),
    ),
    Stance(
        "CMYK photos, and videos that are interlaced, have 10 bits, or their moov box at the end",
        "Refused with 36001/2207005 and 2207026.",
        fixed="The reference does not allow them; nobody has told of a refusal.",
    ),
    Stance(
        "`location_id` and `product_tags` with Instagram Login",
        "The first is taken, the second refused.",
        keys=("unknown_locations",),
    ),
    Stance(
        "The meaning of 2207055, 2207067 and 2207089",
        "They never come by themselves.",
        faults=("error", "processing_error"),
    ),
    Stance(
        "The call allowance of an account that nobody looks at",
        "4,800 calls an hour.",
        keys=("calls_per_hour", "throttle_lengthens_seconds"),
    ),
    Stance(
        "Whether Meta's crawler follows redirects, sends HEAD, needs IPv6, or has an allowlist",
        "Redirects are refused, HEAD is not sent, any address and host will do.",
        fixed="Nothing to choose between is known.",
    ),
    Stance(
        "HTTP statuses of generic codes on graph.instagram.com",
        "400; 403 for 4, 10 and 200; 500 for 1; 503 for 2.",
        faults=("http_status",),
    ),
    Stance(
        "The error of a version that is gone or unknown",
        "2500 with a sentence that names the versions from v21.0 to v26.0.",
        faults=("error",),
    ),
    Stance(
        "Carousels whose items are unknown, used up, not ready, or failed",
        "24/2207008, 24/2207008, 9007/2207027, and 100 with the code of the item.",
        faults=("error",),
    ),
    Stance(
        "Parameters of Facebook Login on graph.instagram.com, and partnership labels on stories",
        "Refused: `param ... is not allowed`.",
        fixed="A client that sends them should learn it here.",
    ),
    Stance(
        "A comment where comments are switched off, and a reply to a reply",
        "Both are refused with 100.",
        faults=("error",),
    ),
    Stance(
        "Comments on one item of a carousel, and switching them",
        "100/33; only the whole post has comments.",
        faults=("error",),
    ),
    Stance(
        "`copyright_check_status` and `video_status` of a container with Instagram Login",
        "Answered on both hosts; one public client takes the first for Facebook Login only, and"
        " the second belongs to resumable uploads.",
        fixed="Meta's reference of the container names no login.",
    ),
    Stance(
        "What an upload answers that has a wrong offset, ends too early, or has wrong headers",
        "OffsetInvalidError (412), PartialRequestError (400) and ProcessingFailedError (400), as"
        " uploads for Pages on the same host; the bytes that came are kept.",
        faults=("status", "body", "answer"),
    ),
    Stance(
        "Which tokens and which form of the header an upload takes",
        "`Authorization` with OAuth or Bearer, and a token that may publish for the account.",
        fixed="Meta's page shows OAuth and the token of the calls before.",
    ),
    Stance(
        "A URL beside `upload_type=resumable` on graph.facebook.com",
        "Refused: `param ... is not allowed`; so is `upload_type` for anything but a video.",
        fixed="A client that sends both should learn it here.",
    ),
    Stance(
        "Reading a story after its 24 hours",
        "100/33, as if it had never been there.",
        fixed="Whoever needs it keeps its own copy.",
    ),
    Stance(
        "The errors of a hashtag that is sensitive, and of one that nobody has used",
        "100 with a text that calls itself a placeholder, as Meta only says that it is a generic"
        " error; and 24/2207024, which one public project claims. Neither counts as a query.",
        keys=("sensitive_hashtags", "unused_hashtags"),
        faults=("error",),
    ),
    Stance(
        "Which calls count a hashtag",
        "Searches, and reading top and recent media; reading the hashtag itself names no account.",
        fixed="Meta writes the limit to each of them, and tells what counts only of the search.",
    ),
    Stance(
        "Searching for hashtags and places with the token of a Page",
        "Refused with 10; Meta names the token of a user.",
        keys=("search_with_page_token",),
    ),
    Stance(
        "What a personal account may still do",
        "It can log in and `/me` says what it is, its Page leads to no Instagram account, and every"
        " other call is refused with 10.",
        keys=("account_types",),
    ),
    Stance(
        "The Page of an account when the permission to read the account is missing",
        "It is listed without `instagram_business_account`; without the permission to list Pages"
        " the list is empty.",
        keys=("tokens",),
    ),
    Stance(
        "The answer when a log-in asks for no basic scope",
        "The page refuses to begin.",
        fixed="Every scope needs it, so nothing could be done with the token.",
    ),
)
