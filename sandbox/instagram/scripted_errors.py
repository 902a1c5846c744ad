"""Refusals that only the fault script brings about: their texts, statuses and types.

Sources: Instagram platform error codes (Meta, stamp 2026-06-02), Graph API error handling and rate
limiting guides (Meta, 2026). HTTP 403 of an action block: every public log that kept the status.
The statuses of generic codes on graph.instagram.com are not established beyond 190; a fault can
set its own with `http_status`.
"""

from __future__ import annotations

from sandbox.instagram import errors
from sandbox.instagram.errors import ErrorRow

_ROWS = (
    ErrorRow(
        4,
        2207051,
        "Application request limit reached",
        "Action is blocked",
        "We restrict certain activity to protect our community.",
        status=403,
    ),
    ErrorRow(
        25,
        2207050,
        "The Instagram account is restricted.",
        "Account restricted",
        "The account is inactive, checkpointed or restricted.",
    ),
    ErrorRow(
        24,
        2207006,
        "The requested resource does not exist",
        "Media not found",
        "The media does not exist, or the permission is missing.",
    ),
    ErrorRow(
        -1,
        2207001,
        "Instagram server error. Try again.",
        "Server error",
        "Something went wrong on the side of Instagram.",
    ),
    ErrorRow(
        -1,
        2207053,
        "An unknown error occurred during the upload",
        "Upload error",
        "The video could not be uploaded.",
    ),
    ErrorRow(
        -2, 2207020, "The media has expired.", "Media expired", "The media is no longer available."
    ),
    ErrorRow(
        352,
        2207026,
        "The video format is not supported.",
        "Unsupported video format",
        "The video must be MP4 or MOV, H.264 or HEVC.",
    ),
    ErrorRow(
        10,
        2207081,
        "(#10) This account cannot publish trial reels",
        "Trial reels",
        "The account is not eligible for trial reels.",
    ),
    ErrorRow(110, 2207013, "Invalid user id", "User not found", "There is no such user."),
    ErrorRow(1, None, "An unknown error occurred", status=500),
    ErrorRow(2, None, "Service temporarily unavailable", status=503, is_transient=True),
    ErrorRow(3, None, "(#3) Application does not have the capability to make this API call."),
    ErrorRow(10, None, "(#10) Application does not have permission for this action", status=403),
    ErrorRow(17, None, "User request limit reached"),
    ErrorRow(32, None, "(#32) Page request limit reached"),
    ErrorRow(102, None, "Session key invalid or no longer valid"),
    ErrorRow(190, 458, "Error validating access token: The user has not authorized application."),
    ErrorRow(190, 459, "You cannot access the app till you log in and follow the instructions."),
    ErrorRow(190, 464, "Error validating access token: The user is not a confirmed user."),
    ErrorRow(190, 467, "Error validating access token: The access token is no longer valid."),
    ErrorRow(190, 492, "Error validating access token: The session lost its role on the Page."),
    ErrorRow(200, None, "(#200) Permissions error", status=403),
    ErrorRow(341, None, "(#341) Application limit reached"),
    ErrorRow(368, None, "The action attempted has been deemed abusive or is otherwise disallowed"),
    ErrorRow(506, None, "(#506) Duplicate status message"),
    ErrorRow(613, None, "(#613) Calls to this api have exceeded the rate limit."),
    ErrorRow(9009, None, "(#9009) The Instagram user is not available"),
)
_BY_CODE = {
    (row.code, row.subcode): row
    for row in [*_ROWS, *reversed([r for r in vars(errors).values() if isinstance(r, ErrorRow)])]
}


def row_for(code: int, subcode: int | None) -> ErrorRow:
    """The row of a scripted error; a pair that is in neither table gets a plain text."""
    return _BY_CODE.get((code, subcode)) or ErrorRow(code, subcode, f"(#{code}) Scripted error")
