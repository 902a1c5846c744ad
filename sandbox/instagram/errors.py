"""Graph errors as rows: code, subcode, HTTP status, type and texts.

Source: Instagram platform error codes (Meta, stamp 2026-06-02), Graph API error handling guide
(read 2026), and answers recorded by public projects where Meta's page is silent. The texts in
`title` and `hint` are ours.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sandbox.instagram.error_texts import translated


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One kind of refusal; `title` and `hint` become `error_user_title` and `error_user_msg`."""

    code: int
    subcode: int | None
    message: str
    title: str | None = None
    hint: str | None = None
    status: int = 400
    type: str = "OAuthException"
    is_transient: bool = False

    def saying(self, message: str) -> ErrorRow:
        return replace(self, message=message)

    def with_status(self, status: int) -> ErrorRow:
        return replace(self, status=status)


class GraphError(Exception):
    """A Graph call ends with this row."""

    def __init__(self, row: ErrorRow) -> None:
        super().__init__(row.message)
        self.row = row

    def body(self, fbtrace_id: str, locale: str = "en") -> dict[str, Any]:
        """The full error object as Graph sends it; the user's texts follow the locale."""
        row = self.row
        error: dict[str, Any] = {"message": row.message, "type": row.type, "code": row.code}
        if row.subcode is not None:
            error["error_subcode"] = row.subcode
        error["is_transient"] = row.is_transient
        if row.title is not None:
            title, hint = translated(row.code, row.subcode, locale) or (row.title, row.hint)
            error |= {"error_user_title": title, "error_user_msg": hint or row.message}
        return {"error": error | {"fbtrace_id": fbtrace_id}}


class PlainRefusalError(Exception):
    """A call ends with an answer unlike those of Graph."""

    status = 400

    def body(self) -> dict[str, Any]:
        raise NotImplementedError


# Tokens, versions, paths
TOKEN_MISSING = ErrorRow(104, None, "An access token is required to request this resource.")
TOKEN_BAD = ErrorRow(190, None, "Invalid OAuth access token - Cannot parse access token")
TOKEN_EXPIRED = ErrorRow(190, 463, "Error validating access token: Session has expired.")
TOKEN_REVOKED = ErrorRow(
    190,
    460,
    "Error validating access token: The session has been invalidated because the user changed "
    "their password or Facebook has changed the session for security reasons.",
)
# The HTTP status on graph.instagram.com is not established.
PERMISSION_MISSING = ErrorRow(
    10, None, "(#10) Application does not have permission for this action", status=403
)
# Not established: text and status where the token is of another kind than Meta names. The sentence
# on the feature was seen of the one for Pages; the HTTP status is not established either.
USER_TOKEN_NEEDED = PERMISSION_MISSING.saying("(#10) This method needs the access token of a user")
FEATURE_MISSING = PERMISSION_MISSING.saying(
    "(#10) To use 'Instagram Public Content Access', your use of this endpoint must be reviewed and"
    " approved by Facebook"
)
# Not established: what Meta answers to a removed or unknown version. Code and text are a guess.
UNKNOWN_VERSION = ErrorRow(
    2500, None, "[placeholder, Meta's own answer is not known] Unknown API version"
)
UNKNOWN_PATH = ErrorRow(2500, None, "Unknown path components")
FIELDS_SYNTAX = ErrorRow(2500, None, "Syntax error in the parameter fields")
NO_SUCH_OBJECT = ErrorRow(
    100,
    33,
    "Unsupported request. Object does not exist, cannot be loaded due to missing permissions, "
    "or does not support this operation.",
    type="GraphMethodException",
)
NO_SUCH_FIELD = ErrorRow(100, None, "(#100) Tried accessing nonexisting field")
BAD_PARAMETER = ErrorRow(100, None, "Invalid parameter")
BAD_API_PARAMETER = ErrorRow(100, None, "Invalid parameter", type="IGApiException")
# Code and status were seen on graph.instagram.com in 2026, the text is a guess.
NO_PERMISSIONS_EDGE = BAD_API_PARAMETER.saying(
    "(#100) Tried accessing nonexisting field (permissions)"
)
TOO_MANY_CALLS = ErrorRow(
    80002,
    None,
    "There have been too many calls to this Instagram account. Wait a bit and try again.",
)
APP_LIMIT = ErrorRow(4, None, "Application request limit reached", status=403)
# Not established: what Meta answers to a token that is too young or of the wrong kind, to a wrong
# secret and to a wrong grant type. These are placeholders.
TOKEN_NOT_TAKEN = ErrorRow(100, None, "[placeholder, Meta's own answer is not known]")

# Log-in by Facebook. Texts and codes: answers recorded by public projects.
APP_NOT_KNOWN = ErrorRow(101, None, "Error validating application. Invalid application ID.")
SECRET_WRONG = ErrorRow(1, None, "Error validating client secret.")
CODE_WRONG = ErrorRow(100, None, "Invalid verification code format.")
CODE_EXPIRED = ErrorRow(100, 36007, "This authorization code has expired.")
CODE_REDIRECT = ErrorRow(
    100,
    36008,
    "Error validating verification code. Please make sure your redirect_uri is identical to the "
    "one you used in the OAuth dialog request",
)
CODE_USED = ErrorRow(100, 36009, "This authorization code has been used.")
# Not established: what a call for a personal account answers.
PERSONAL_ACCOUNT = PERMISSION_MISSING.saying(
    "[placeholder, Meta's own answer is not known] (#10) The account is not a professional account"
)

# Creating a container
UNKNOWN_MEDIA_TYPE = ErrorRow(
    100, 2207023, "Invalid parameter", "Unknown media type", "The media type is not known."
)
CAROUSEL_SIZE = ErrorRow(
    100,
    2207028,
    "Invalid parameter",
    "Carousel has a wrong number of items",
    "A carousel needs at least 2 items and at most the number allowed.",
)
TOO_MANY_MENTIONS = ErrorRow(
    100, 2207040, "Invalid parameter", "Too many tags", "A post can tag at most 20 people."
)
CAPTION_TOO_LONG = ErrorRow(
    36004,
    2207010,
    "The caption was too long.",
    "Caption too long",
    "A caption has at most 2,200 characters and 30 hashtags.",
)
BAD_USER_TAG = ErrorRow(
    110, 2207018, "Invalid user id", "Cannot tag user", "A named user cannot be tagged."
)
BAD_LOCATION = BAD_API_PARAMETER.saying("INSTAGRAM_PLATFORM_API__INVALID_LOCATION_ID")
BAD_SPONSORS = BAD_API_PARAMETER.saying("INSTAGRAM_PLATFORM_API__INVALID_PARAM")
PRODUCT_TAG_ON_VIDEO = ErrorRow(
    100, 2207035, "Invalid parameter", "Product tag position", "A tag on a video has no position."
)
PRODUCT_TAG_WITHOUT_PLACE = ErrorRow(
    100, 2207036, "Invalid parameter", "Product tag position", "A tag on a photo needs x and y."
)
BAD_PRODUCT_TAGS = ErrorRow(
    100, 2207037, "Invalid parameter", "Product tags", "A product tag is wrong, or too many are."
)
BAD_THUMB_OFFSET = ErrorRow(
    1, 2207057, "Invalid parameter", "Thumbnail offset", "The offset is outside the video."
)
# Not established: what Meta answers above 400 containers in 24 hours. This is a placeholder.
TOO_MANY_CONTAINERS = ErrorRow(
    -1,
    2207032,
    "[placeholder, Meta's own answer is not known] Too many containers were created in 24 hours.",
    "Could not create media",
    "Too many containers were created in 24 hours.",
)

# Fetching and judging an image
IMAGE_UNREACHABLE = ErrorRow(
    9004,
    2207052,
    "Only photo or video can be accepted as media type.",
    "Media download has failed",
    "The media could not be fetched from this URI.",
)
IMAGE_TIMEOUT = ErrorRow(
    -2, 2207003, "Timeout", "Download has timed out", "It takes too long to download the media."
)
IMAGE_FORMAT = ErrorRow(
    36001,
    2207005,
    "The image format is not supported.",
    "Image format not supported",
    "The image must be a complete JPEG.",
)
IMAGE_TOO_LARGE = ErrorRow(
    36000,
    2207004,
    "The image size is too large.",
    "Image size too large",
    "The image must be at most 8 MiB.",
)
IMAGE_RATIO = ErrorRow(
    36003,
    2207009,
    "The aspect ratio is not supported.",
    "Unsupported aspect ratio",
    "The aspect ratio must be between 4:5 and 1.91:1.",
)

# Publishing
NOT_READY = ErrorRow(
    9007,
    2207027,
    "Media ID is not available",
    "The media is not ready",
    "The media is not ready for publishing, please wait for a moment.",
)
NO_SUCH_CREATION = ErrorRow(
    24,
    2207008,
    "The requested resource does not exist",
    "Media builder not found",
    "The container with this creation id is unknown or has expired.",
)
QUOTA_REACHED = ErrorRow(
    9,
    2207042,
    "Application request limit reached",
    "Publishing limit reached",
    "The account has published as many posts as it may in 24 hours.",
)

# Hashtag search
TOO_MANY_HASHTAGS = ErrorRow(
    18,
    2207034,
    "This call could not be completed due to resource limits",
    "Hashtag limit",
    "Too many different hashtags were searched for in 7 days.",
)
# A claim of one public project.
NO_SUCH_HASHTAG = ErrorRow(
    24,
    2207024,
    "The requested resource does not exist",
    "No such hashtag",
    "Nobody has used this hashtag.",
)
# Not established: Meta only says that the error is a generic one. This is a placeholder.
SENSITIVE_HASHTAG = ErrorRow(
    100, None, "[placeholder, Meta's own answer is not known] This hashtag cannot be searched for"
)

# Comments and deleting
COMMENT_FORMAT = ErrorRow(
    20, 1772107, "This response format is not supported", "Format", "The comment was created."
)
# Not established: code and text where comments are switched off, and of a reply to a reply.
COMMENTS_OFF = BAD_API_PARAMETER.saying("(#100) Comments are switched off for this media")
NO_REPLY_TO_REPLY = BAD_API_PARAMETER.saying("(#100) A reply cannot be replied to")
CANNOT_DELETE = ErrorRow(
    -1,
    2207073,
    "Media type not supported",
    "Cannot delete",
    "This kind of media cannot be deleted.",
)
