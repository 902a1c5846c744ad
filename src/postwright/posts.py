"""A post group as it would be published: which kind of post, which caption, and what is wrong with
it.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from postwright import caption, preflight, validation
from postwright.app import App
from postwright.errors import InvalidPostError
from postwright.media import MediaHead
from postwright.models import (
    Description,
    Group,
    MediaItem,
    PostKind,
    Problem,
    PublishRequest,
    SnapshotItem,
)
from postwright.preflight import objects
from postwright.preflight.judging import Seen
from postwright.preflight.objects import Looked


@dataclass(frozen=True)
class Post:
    """What would be published now."""

    kind: PostKind
    caption: str
    items: list[SnapshotItem]
    warnings: list[Problem]


@dataclass(frozen=True)
class Found:
    """What lies in the bucket for an item, and the problems of its cover."""

    head: MediaHead | None
    seen: Looked
    cover: list[Problem]


def parse_request(raw: Any) -> PublishRequest:
    """The workflow's input; raises InvalidPostError that lists every key that is missing, unknown
    or wrong.
    """
    try:
        return PublishRequest.model_validate(raw)
    except ValidationError as error:
        raise validation.wrong_request(
            error, "sessionId, groupId, accountId, publishAt, onQuota"
        ) from error


def find_group(app: App, request: PublishRequest) -> Group:
    """The group of the request; raises InvalidPostError for one that is unknown or that cannot be
    read.
    """
    try:
        group = app.store.group(request.session_id, request.group_id)
    except ValidationError as error:
        problems = validation.record_problems(error, "group")
        raise InvalidPostError("The post group's record is wrong.", problems=problems) from error
    if group is not None:
        return group
    known = app.store.has_session(request.session_id)
    what = (
        f"Session {request.session_id} has no post group {request.group_id}."
        if known
        else f"There is no session {request.session_id}."
    )
    raise InvalidPostError(f"{what} Check the ids, or write the records first.", unknown=True)


def account_of(request: PublishRequest, group: Group) -> str:
    """The account that publishes: the request's, else the group's, else the default one."""
    if request.account_id and group.account_id and request.account_id != group.account_id:
        problem = Problem(
            item="accountId",
            rule="account-matches-group",
            found=request.account_id,
            allowed=group.account_id,
            fix="Leave accountId out, or change the group's.",
        )
        raise InvalidPostError("The group belongs to another account.", problems=[problem])
    return request.account_id or group.account_id or "default"


def text_of(app: App, group: Group) -> tuple[str, Sequence[str]]:
    """What is written under the post, and its hashtags; the group's own caption wins over the
    description's.
    """
    return words_of(group, _find_description(app, group) or Description())


def words_of(group: Group, description: Description) -> tuple[str, Sequence[str]]:
    """The same, when the description is known."""
    text = group.caption if group.caption is not None else description.caption
    return text, description.hashtags


def carousel_max(app: App, account_id: str, count: int) -> int:
    """How many items a carousel of the account may have, asked for one of `count` items.

    A setting that somebody has made wins. Without one, what was found out for the account counts
    (`postwright doctor --probe-carousel`), else Instagram's documented cap.
    """
    cap = app.settings.carousel_max
    if count <= cap or "carousel_max" in app.settings.model_fields_set:
        return cap
    found = app.store.carousel_cap(account_id)
    return found.max_items if found else cap


def prepare(app: App, group: Group, account_id: str) -> Post:
    """The post that the group makes now; raises InvalidPostError with all that Instagram would
    refuse. Of each object no more than head and tail are read.
    """
    full_caption = caption.assemble(*text_of(app, group))
    looked = preflight.side_by_side(functools.partial(look, app), names_of(group), group.media)
    problems, warnings = judge(app, group, account_id, full_caption, looked)
    if problems:
        raise InvalidPostError("The post cannot be published as it is.", problems=problems)
    items = [
        SnapshotItem(
            index=index,
            media=item,
            etag=found.head.etag,
            version_id=found.head.version_id,
            size_bytes=found.head.size_bytes,
            options_hash=item.options_hash(),
            shape=found.seen.shape,
        )
        for index, (item, found) in enumerate(zip(group.media, looked, strict=True))
        if found.head is not None and isinstance(found.seen, Seen)
    ]
    return Post(kind_of(group.media), full_caption, items, warnings)


def judge(
    app: App,
    group: Group,
    account_id: str,
    full_caption: str,
    looked: Sequence[Found] | None,
) -> tuple[list[Problem], list[Problem]]:
    """Problems and warnings of a group; of its text and its options alone where nobody has looked
    at the media.
    """
    names, count = names_of(group), len(group.media)
    found = [
        *preflight.check_count(count, carousel_max(app, account_id, count)),
        *preflight.check_text(full_caption),
    ]
    for number, (name, item) in enumerate(zip(names, group.media, strict=True)):
        if looked is None:
            found += preflight.check_options(name, item, in_carousel=count > 1)
        else:
            seen = looked[number].seen
            found += objects.judge_item(name, item, seen, in_carousel=count > 1)
            found += looked[number].cover
    found += _shared_option_problems(group.media)
    found += preflight.check_crops(
        names, [item.seen if isinstance(item.seen, Seen) else None for item in looked or ()]
    )
    return preflight.sorted_out(found)


def look(app: App, name: str, item: MediaItem) -> Found:
    """What lies in the bucket for an item that messages call `name`."""
    head = app.media.head(item.key)
    seen = objects.look_at_item(app.seen_objects, app.media, item, head)
    return Found(head, seen, objects.check_cover(app.seen_objects, app.media, name, item))


def names_of(group: Group) -> list[str]:
    """How messages name the items of a group."""
    return [item_name(index, item) for index, item in enumerate(group.media)]


def _find_description(app: App, group: Group) -> Description | None:
    try:
        return app.store.description(group.session_id, group.group_id)
    except ValidationError as error:
        problems = validation.record_problems(error, "description")
        raise InvalidPostError("The description's record is wrong.", problems=problems) from error


def item_name(index: int, item: MediaItem) -> str:
    """How messages name an item: its place, counted from 1, and its file."""
    return f"{index + 1}: {item.name}"


def kind_of(media: list[MediaItem]) -> PostKind:
    """What a group with these items, of which there is at least one, is published as."""
    if len(media) > 1:
        return "carousel"
    return "image" if media[0].kind == "image" else "reel"


def _shared_option_problems(media: list[MediaItem]) -> list[Problem]:
    """A carousel has one location and one list of collaborators, whichever item names them."""
    if len(media) < 2:
        return []
    named: dict[str, set[Any]] = {
        "location": {item.location_id for item in media if item.location_id},
        "collaborators": {tuple(item.collaborators) for item in media if item.collaborators},
    }
    return [
        Problem(
            item="media",
            rule=f"carousel-{what}",
            found=f"{len(values)} different ones",
            allowed="one for the whole carousel",
            fix=f"Set the {what} on one item only.",
        )
        for what, values in named.items()
        if len(values) > 1
    ]
