"""Every error that Instagram is known to answer, as rows: which class, why, and where we have it
from.

`failures.py` reads them; `docs/errors.md` shows them. Where Instagram's own pages and what people
saw disagree, the row follows what was seen, and names both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from postwright.errors import (
    AccountBlockedError,
    ContainerExpiredError,
    ContainerNotReadyError,
    InvalidPostError,
    MediaRejectedError,
    MediaUnreachableError,
    PostwrightError,
    ProcessingFailedError,
    PublishUncertainError,
    QuotaExceededError,
    RateLimitedError,
    TokenInvalidError,
    TransientGraphError,
)

Call = Literal[
    "create",
    "status",
    "processing",
    "publish",
    "read",
    "media",
    "comment",
    "delete",
    "search",
    "embed",
]
"""What was asked. `processing` is the text in the `status` of a container that failed, `media` a
read of one post, `read` one of the account. The workflow makes none of the last four.
"""


@dataclass(frozen=True)
class Row:
    """One error: `meaning` and `advice` are sentences for a person.

    `code` None stands for any code, or none at all. A row with `text` is told by words of the
    answer. `calls` says where the error was seen, empty for everywhere. `tries` and `pauses`
    (seconds between them) are set where they are not those of the class.
    """

    code: int | None
    subcode: int | None
    error: type[PostwrightError]
    meaning: str
    advice: str
    source: str
    calls: frozenset[Call] = frozenset()
    text: str | None = None
    tries: int | None = None
    pauses: tuple[int, ...] = ()

    @property
    def sentence(self) -> str:
        return f"{self.meaning} {self.advice}"


_CODES = "Meta, Instagram error codes, 2026-06-02"
_GRAPH = "Meta, Graph API error handling, read 2026"
_RATES = "Meta, Graph API rate limiting, read 2026"
_MEDIA = "Meta, IG Media reference, 2026-08-12"
_CONTAINER = "Meta, IG User media reference, read 2026-09-11"
_GUIDE = "Meta, content publishing guide, 2026-06-30"
_POSTIZ = "postiz-app's Instagram provider, 2026-09"
_NOTES = "public notes on container errors, 2025-2026"
_TESTS = "tests of public clients, 2025-2026"

_CREATE: Final[frozenset[Call]] = frozenset({"create"})
_PUBLISH: Final[frozenset[Call]] = frozenset({"publish"})
_PROCESSING: Final[frozenset[Call]] = frozenset({"processing"})
_FETCHED: Final[frozenset[Call]] = frozenset({"create", "processing"})
_SENT: Final[frozenset[Call]] = frozenset({"create", "publish"})
_GONE_CALLS: Final[frozenset[Call]] = frozenset({"publish", "processing"})
_FRESH: Final[frozenset[Call]] = frozenset({"status", "media"})
_SEARCH: Final[frozenset[Call]] = frozenset({"search"})
_ANSWERED: Final[frozenset[Call]] = frozenset(
    {"create", "status", "publish", "read", "media", "comment", "delete", "search", "embed"}
)

_LOGIN = "Run `postwright auth login`, then redrive the run."
_OWNER = "The account's owner must open the Instagram app and clear what it asks for."
_IF_IT_STAYS = "If it stays so, redrive the run in an hour."
_WAITS = "Nothing; the run goes on when Instagram allows it."
_SLOW = "Instagram limits the calls of this account for now."
_UNREACHABLE = "Instagram could not fetch the media from its URL."
_OPEN_THE_DOOR = (
    "Make sure that Instagram may download it: no robots.txt, firewall or login in its way."
)
_FAILED = "Instagram could not process this item."
_REENCODE = "Encode the video anew (H.264, AAC, 30 frames per second) if it stays so."
_VIDEO_FORMAT = "The video's format is not supported."
_GONE = "The container is gone or expired."
_MADE_AGAIN = "Nothing; a new one is made."
_TAG = "Mend the item's product tags."

TABLE: Final[tuple[Row, ...]] = (
    # Told by words, whatever the numbers
    Row(
        None,
        None,
        MediaRejectedError,
        "The place of this post has no location.",
        "Leave locationId away, or name a place that has an address.",
        _CONTAINER,
        _CREATE,
        text="INSTAGRAM_PLATFORM_API__INVALID_LOCATION_ID",
    ),
    Row(
        None,
        None,
        MediaRejectedError,
        "The account may not mark branded content.",
        "Take the paid partnership out of the post, or have the account approved for it.",
        _GUIDE,
        _CREATE,
        text="INSTAGRAM_PLATFORM_API__PERMISSION",
    ),
    Row(
        None,
        None,
        MediaRejectedError,
        "Instagram refused the sponsors of this post.",
        "Name at most 2 sponsors.",
        _GUIDE,
        _CREATE,
        text="INSTAGRAM_PLATFORM_API__INVALID_PARAM",
    ),
    Row(
        None,
        None,
        AccountBlockedError,
        "Instagram wants the owner to log in, although the token is good.",
        _OWNER,
        _POSTIZ,
        text="You cannot access the app till you log in to",
    ),
    Row(
        None,
        None,
        AccountBlockedError,
        "Instagram wants the owner to log in, although the token is good.",
        _OWNER,
        _POSTIZ,
        text="Session key is malformed",
    ),
    # Publishing
    Row(
        -2,
        2207003,
        MediaUnreachableError,
        "Instagram's download of the media took too long.",
        "Serve it faster, or fetch it once beforehand so that caches are warm.",
        f"{_CODES}; postiz issue 2000, 2026-09",
        _FETCHED,
        pauses=(30, 120),
    ),
    Row(-2, 2207020, ContainerExpiredError, _GONE, _MADE_AGAIN, _CODES, _GONE_CALLS),
    Row(
        -1,
        2207001,
        TransientGraphError,
        "Instagram had an internal error.",
        f"{_IF_IT_STAYS} One product takes it for a suspicion of spam.",
        f"{_CODES}; {_POSTIZ}",
        _SENT,
        tries=2,
    ),
    Row(
        -1,
        2207032,
        TransientGraphError,
        "Instagram could not create the container.",
        _IF_IT_STAYS,
        _CODES,
        _CREATE,
    ),
    Row(-1, 2207053, ProcessingFailedError, _FAILED, _REENCODE, _CODES, _FETCHED),
    Row(
        -1,
        2207073,
        InvalidPostError,
        "A post of this type cannot be deleted through the API.",
        "Delete it in the Instagram app.",
        _MEDIA,
        frozenset({"delete"}),
    ),
    Row(
        1,
        2207057,
        MediaRejectedError,
        "The cover frame lies outside of the video.",
        "Set thumbOffset between 0 and the video's length.",
        _CODES,
        _FETCHED,
    ),
    Row(
        4,
        2207051,
        AccountBlockedError,
        "Instagram blocked this action as spam.",
        f"{_OWNER} Wait for a day before the next post.",
        f"{_CODES} (as 400); postiz pull request 1681, 2026-07, and public logs of 2026-05-28"
        " and 2026-09-05 (as 403, with the post live)",
        _SENT,
    ),
    Row(
        9,
        2207042,
        QuotaExceededError,
        "The account has used up its posts of 24 hours.",
        "Redrive the run when a slot is free, or start with onQuota=wait.",
        _CODES,
        _PUBLISH,
    ),
    Row(
        10,
        2207081,
        MediaRejectedError,
        "The account may not publish trial Reels.",
        "Publish it as a normal Reel.",
        f"{_POSTIZ}; a public error classifier",
        _CREATE,
    ),
    Row(
        None,
        2207078,
        QuotaExceededError,
        "The account has used up its trial Reels.",
        "Redrive the run later, or publish it as a normal Reel.",
        "a public error classifier, 2026",
        _CREATE,
    ),
    Row(
        24,
        2207006,
        ContainerExpiredError,
        _GONE,
        "Nothing; a new one is made. If it stays so, look whether the token lacks a permission.",
        f"{_CODES}; {_TESTS}",
        _SENT,
    ),
    Row(
        24,
        2207008,
        ContainerExpiredError,
        _GONE,
        "If the run does not find the post, look at the account before you start again.",
        _CODES,
        _PUBLISH,
    ),
    Row(
        25,
        2207050,
        AccountBlockedError,
        "Instagram restricted the account.",
        _OWNER,
        _CODES,
        _SENT,
    ),
    Row(
        36000,
        2207004,
        MediaRejectedError,
        "The image is too large.",
        "Save it below 8 MB.",
        _CODES,
        _CREATE,
    ),
    Row(
        36001,
        2207005,
        MediaRejectedError,
        "The image is not a JPEG.",
        "Save it as JPEG.",
        _CODES,
        _CREATE,
    ),
    Row(
        36003,
        2207009,
        MediaRejectedError,
        "The image's ratio is not allowed.",
        "Crop it to between 4:5 and 1.91:1.",
        _CODES,
        _CREATE,
    ),
    Row(
        36004,
        2207010,
        InvalidPostError,
        "The caption is too long.",
        "Keep it to 2,200 characters and 30 hashtags.",
        _CODES,
        _CREATE,
    ),
    Row(
        100,
        2207023,
        InvalidPostError,
        "Instagram does not know this media type.",
        "Publish an image, a video, or a carousel of them.",
        _CODES,
        _CREATE,
    ),
    Row(
        100,
        2207028,
        InvalidPostError,
        "The carousel has too few or too many items.",
        "Give it 2 to 10.",
        _CODES,
        _CREATE,
    ),
    Row(
        100,
        2207035,
        MediaRejectedError,
        "A product tag on a video has no position.",
        _TAG,
        _CODES,
        _CREATE,
    ),
    Row(
        100,
        2207036,
        MediaRejectedError,
        "A product tag on a photo needs a position.",
        _TAG,
        _CODES,
        _CREATE,
    ),
    Row(
        100,
        2207037,
        MediaRejectedError,
        "A product tag is not valid.",
        _TAG,
        _CODES,
        _CREATE,
    ),
    Row(
        100,
        2207040,
        InvalidPostError,
        "The caption names too many accounts.",
        "Name at most 20.",
        _CODES,
        _CREATE,
    ),
    Row(
        100,
        33,
        TransientGraphError,
        "Instagram does not show this container or post yet.",
        _IF_IT_STAYS,
        "postiz issue 1562 and events-tracker issue 1900, 2026-05",
        _FRESH,
    ),
    Row(
        100,
        33,
        TokenInvalidError,
        "The account does not exist for this token.",
        f"Compare the parameter instagram-user-id with the account. {_LOGIN}",
        "postiz issue 1562, 2026-05",
    ),
    Row(
        100,
        None,
        MediaRejectedError,
        "Instagram refused a parameter.",
        "Leave away the option that it names.",
        f"{_GRAPH}; {_POSTIZ}",
    ),
    Row(
        110,
        2207013,
        InvalidPostError,
        "No account has this name.",
        "Mend the name.",
        _TESTS,
        _SEARCH,
    ),
    Row(
        110,
        2207018,
        MediaRejectedError,
        "An account that is tagged or invited cannot be tagged.",
        "Take it out of userTags and collaborators: it is private, misspelt or does not allow it.",
        f"{_CODES}; framepost's Instagram service, 2026-09",
        _CREATE,
    ),
    Row(
        352,
        2207026,
        MediaRejectedError,
        _VIDEO_FORMAT,
        "Save it as MP4 with H.264 and AAC.",
        _CODES,
        _FETCHED,
    ),
    Row(
        9004,
        2207052,
        MediaUnreachableError,
        _UNREACHABLE,
        _OPEN_THE_DOOR,
        f"{_CODES}; that it passes by: postiz pull request 1900, 2026-08, and mixpost issue 197,"
        " 2026-03",
        _FETCHED,
    ),
    Row(
        9007,
        2207027,
        ContainerNotReadyError,
        "The container is not ready to publish.",
        _IF_IT_STAYS,
        f"{_CODES}; meta-mcp issue 138, 2026-04",
        _PUBLISH,
    ),
    Row(
        None,
        2207076,
        MediaUnreachableError,
        "Instagram could not fetch the media, or not make sense of it.",
        _OPEN_THE_DOOR,
        _NOTES,
        _PROCESSING,
        tries=2,
    ),
    Row(
        None,
        2207077,
        ProcessingFailedError,
        "Instagram could not download this item whole.",
        "Its server must answer Range requests. A sound track that is too short does the same.",
        f"{_POSTIZ}; {_NOTES}",
        _PROCESSING,
        pauses=(60, 90),
    ),
    Row(
        None,
        2207082,
        ProcessingFailedError,
        _FAILED,
        _REENCODE,
        f"postiz pull request 1992, 2026-08; {_NOTES}",
        _PROCESSING,
        tries=2,
    ),
    Row(
        None,
        2207085,
        ProcessingFailedError,
        _FAILED,
        _REENCODE,
        f"postiz pull request 1992, 2026-08; {_NOTES}",
        _PROCESSING,
        tries=2,
    ),
    Row(
        None,
        2207055,
        PublishUncertainError,
        "One client takes this for a container that is not ready; it is documented nowhere.",
        "If the run does not find the post, look at the account before you start again.",
        "a public n8n node, unverified",
        _PUBLISH,
    ),
    # Calls that the workflow does not make
    Row(
        20,
        1772107,
        PublishUncertainError,
        "Instagram does not support the form of the answer that was asked for, yet the comment"
        " was made.",
        "Read the comments before writing it again.",
        "brightbean-studio, 2026-08",
        frozenset({"comment"}),
    ),
    Row(
        12,
        None,
        InvalidPostError,
        "This id belongs to nothing that can publish.",
        "Put the id of the professional account into the parameter instagram-user-id.",
        "jstolpe's Instagram SDK, issue 22",
        _CREATE,
    ),
    Row(
        18,
        2207034,
        QuotaExceededError,
        "The account has searched for 30 hashtags in 7 days.",
        "Search for one of those again, or wait.",
        _TESTS,
        _SEARCH,
    ),
    Row(
        100,
        None,
        InvalidPostError,
        "Instagram does not search for this hashtag.",
        "It may count as sensitive; take another one.",
        "Meta, hashtag search guide, 2024-01-26; the code is not told there",
        _SEARCH,
    ),
    Row(
        24,
        2207024,
        InvalidPostError,
        "No post has this hashtag.",
        "Mend the hashtag.",
        "a third party's statement, unverified",
        _SEARCH,
    ),
    Row(
        24,
        2207045,
        InvalidPostError,
        "The post to embed does not exist.",
        "Mend its address.",
        _TESTS,
        frozenset({"embed"}),
    ),
    # The Graph API's own
    Row(1, None, TransientGraphError, "Instagram had an unknown error.", _IF_IT_STAYS, _GRAPH),
    Row(2, None, TransientGraphError, "Instagram is down for the moment.", _IF_IT_STAYS, _GRAPH),
    Row(
        3,
        None,
        TokenInvalidError,
        "The app lacks the capability for this call.",
        f"Add it in the app's dashboard. {_LOGIN}",
        _GRAPH,
    ),
    Row(4, None, RateLimitedError, _SLOW, _WAITS, _GRAPH),
    Row(17, None, RateLimitedError, _SLOW, _WAITS, _GRAPH),
    Row(32, None, RateLimitedError, _SLOW, _WAITS, _RATES),
    Row(341, None, RateLimitedError, _SLOW, _WAITS, _GRAPH),
    Row(613, None, RateLimitedError, _SLOW, _WAITS, _RATES),
    Row(80001, None, RateLimitedError, _SLOW, _WAITS, _RATES),
    Row(
        80002,
        None,
        RateLimitedError,
        _SLOW,
        _WAITS,
        f"{_RATES}; trypost pull request 281, 2026-08",
        pauses=(900, 1800, 3600, 7200),
    ),
    Row(80006, None, RateLimitedError, _SLOW, _WAITS, _RATES),
    Row(10, None, TokenInvalidError, "The token lacks a permission.", _LOGIN, _GRAPH),
    Row(102, None, TokenInvalidError, "The session of the token is over.", _LOGIN, _GRAPH),
    Row(
        104,
        None,
        TokenInvalidError,
        "No token was sent, or the proof of the app's secret was wrong.",
        _LOGIN,
        "a third party's statement, unverified",
    ),
    Row(
        190,
        458,
        TokenInvalidError,
        "The owner has removed the app from the account.",
        _LOGIN,
        _GRAPH,
    ),
    Row(190, 459, AccountBlockedError, "Instagram checkpointed the account.", _OWNER, _GRAPH),
    Row(
        190,
        460,
        TokenInvalidError,
        "The token ended with a change of the password.",
        _LOGIN,
        _GRAPH,
    ),
    Row(190, 463, TokenInvalidError, "The token has expired.", _LOGIN, _GRAPH),
    Row(190, 464, AccountBlockedError, "The account is not confirmed.", _OWNER, _GRAPH),
    Row(190, 467, TokenInvalidError, "The token was revoked.", _LOGIN, _GRAPH),
    Row(
        190,
        492,
        TokenInvalidError,
        "The token's user has lost the role on the page.",
        _LOGIN,
        _GRAPH,
    ),
    Row(
        190,
        None,
        TokenInvalidError,
        "Instagram does not accept the token.",
        f"Look whether it belongs to this host. {_LOGIN}",
        _GRAPH,
    ),
    Row(200, None, TokenInvalidError, "The token lacks a permission.", _LOGIN, _GRAPH),
    Row(368, None, AccountBlockedError, "Instagram blocked the account for now.", _OWNER, _GRAPH),
    Row(
        506,
        None,
        InvalidPostError,
        "The post is the same as the one before.",
        "Look whether it is live already; otherwise change the caption.",
        f"{_GRAPH} (on Facebook; not seen on Instagram)",
        _SENT,
    ),
    Row(
        9009,
        None,
        AccountBlockedError,
        "The Instagram account is not available.",
        _OWNER,
        "Meta, Graph API reference, tables of error codes, read 2026",
    ),
)
"""200 stands for 200 to 299. Of two rows with the same numbers the one for fewer calls is first."""

NO_ANSWER: Final = Row(
    None,
    None,
    TransientGraphError,
    "What came back is not from the Graph API, or nothing came back.",
    _IF_IT_STAYS,
    "framepost's Instagram service, 2026-09",
    _ANSWERED,
)
"""A gateway's page with 502, 503 or 504, an empty or broken body, a time-out, a reset."""
