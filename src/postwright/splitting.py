"""One group with more items than a carousel may have, published as several posts in order.

The group itself becomes `split`, in the one record that decides who may publish it: no run can take
it as a whole any more, whatever the cap is later. How it was divided stands beside that, so that a
repeat finds the same parts. Each part is a group of its own, and the claim on it is what keeps it
from being published twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, Final

from postwright import caption as captions
from postwright import limits, posts
from postwright.app import App
from postwright.errors import AlreadyPublishingError, InvalidPostError
from postwright.models import Group, MediaItem, Parts, Problem, PublishRequest
from postwright.store import ConditionFailedError

_ID_MAX: Final = 128
_ROUNDS: Final = 3
_CHUNK: Final = 1 << 20


@dataclass(frozen=True)
class Part:
    """One of the posts: the items from `first` to before `end`, and what is written under it."""

    number: int
    total: int
    first: int
    end: int
    caption: str
    shortened: bool

    @property
    def name(self) -> str:
        """`1/2`."""
        return f"{self.number}/{self.total}"

    def group_id(self, whole: str) -> str:
        """The id of the part's group."""
        return f"{whole}-{self.number}of{self.total}"


def sizes(count: int, cap: int) -> list[int]:
    """How many items each part has: as few parts as possible, as even as possible.

    >>> sizes(21, 10)
    [7, 7, 7]
    """
    parts = max(1, -(-count // cap))
    least, more = divmod(count, parts)
    return [least + 1] * more + [least] * (parts - more)


def plan(parts: Sequence[int], text: str, tags: Sequence[str] = ()) -> list[Part]:
    """The posts that parts of these sizes make; one part alone keeps its caption as it is."""
    if len(parts) == 1:
        return [Part(1, 1, 0, parts[0], captions.assemble(text, tags), shortened=False)]
    bounds = pairwise(accumulate(parts, initial=0))
    return [
        Part(number, len(parts), first, end, *_caption(f"{number}/{len(parts)}", text, tags))
        for number, (first, end) in enumerate(bounds, start=1)
    ]


def requests_for(app: App, request: PublishRequest) -> list[tuple[Part, PublishRequest]]:
    """The posts of a group in order, each with the request that publishes it; a group that fits
    into one post is left as it is.

    Raises InvalidPostError with all problems before anything is changed. A repeat is safe, and
    answers the same parts.
    """
    for _ in range(_ROUNDS):
        group = posts.find_group(app, request)
        account_id = posts.account_of(request, group)
        text, tags = posts.text_of(app, group)
        if group.parts is None:
            count = len(group.media)
            cap = posts.carousel_max(app, account_id, count)
            parts = Parts(sizes=sizes(count, cap), media_hash=_hash_of(group.media))
        else:
            parts = group.parts
        if len(parts.sizes) == 1:
            return [(part, request) for part in plan(parts.sizes, text, tags)]
        _check(group, parts)
        planned = plan(parts.sizes, text, tags)
        groups = [_group_of(group, part) for part in planned]
        problems = [
            problem
            for part, part_group in zip(planned, groups, strict=True)
            for problem in _problems(app, part, part_group, account_id)
        ]
        if problems:
            raise InvalidPostError("The post cannot be split as it is.", problems=problems)
        try:
            if group.parts is None:
                app.store.divide(group, parts)
        except ConditionFailedError:
            continue  # another call was quicker, or a run has the group
        for part_group in groups:
            with suppress(ConditionFailedError):  # it was written before
                app.store.put_new_group(part_group)
        return [
            (part, request.model_copy(update={"group_id": part_group.group_id}))
            for part, part_group in zip(planned, groups, strict=True)
        ]
    raise AlreadyPublishingError(
        "The group is being published as a whole, so it cannot be split.",
        job_id=group.active_job_id or "unknown",
        status=group.publish_status,
    )


def session_for(files: Sequence[Path], *told: Any) -> str:
    """The session of a post of files: the same for the same bytes and the same words, so that a
    repeat finds what it has published.
    """
    digest = hashlib.sha256(repr(told).encode("utf-8", "replace"))
    for path in files:
        content = hashlib.sha256()
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                content.update(chunk)
        digest.update(content.digest())
    return f"cli-split-{digest.hexdigest()[:24]}"


def _caption(name: str, text: str, tags: Sequence[str]) -> tuple[str, bool]:
    """The caption with the part's name before it; shortened at a word where it would not fit for
    that reason. Hashtags stay whole, those at the end of the text too.
    """
    most = limits.CAPTION_MAX_CHARACTERS.value
    full = captions.assemble(f"({name}) {text.strip()}", tags)
    if captions.length(full) <= most or captions.length(captions.assemble(text, tags)) > most:
        return full, False
    body, closing_tags = _closing_tags(text.strip())
    for words in _ever_shorter(body):
        short = captions.assemble(f"({name}) {words}…{closing_tags}", tags)
        if captions.length(short) <= most:
            return short, True
    return full, False


def _closing_tags(text: str) -> tuple[str, str]:
    """The text, and the hashtags that it ends with, white space before them included."""
    body = text
    while (words := body.split()) and words[-1].startswith("#"):
        body = body.rstrip()[: -len(words[-1])].rstrip()
    return body, text[len(body) :]


def _ever_shorter(body: str) -> Iterator[str]:
    """The body without its last word, without two, and so on; one endless word by letters."""
    while len(body.split()) > 1:
        body = body.rstrip()[: -len(body.split()[-1])].rstrip()
        yield body
    for end in range(len(body) - 1, -1, -1):
        yield body[:end]


def _check(group: Group, parts: Parts) -> None:
    """Raise InvalidPostError for a group that has changed since it was split, or whose id is too
    long to be a part of another.
    """
    problems = []
    if parts.media_hash != _hash_of(group.media):
        problems.append(
            Problem(
                item="media",
                rule="split-unchanged",
                found="other items than when the group was split",
                allowed="the same items in the same order",
                fix="Restore them, or make a new group of what is to be published.",
            )
        )
    longest = Part(len(parts.sizes), len(parts.sizes), 0, 0, "", shortened=False)
    if len(longest.group_id(group.group_id)) > _ID_MAX:
        problems.append(
            Problem(
                item="groupId",
                rule="split-id",
                found=f"{len(group.group_id)} characters",
                allowed=f"at most {_ID_MAX - len(longest.group_id(''))}",
                fix="Give the group a shorter id; its parts add to it.",
            )
        )
    if problems:
        raise InvalidPostError("The post cannot be split.", problems=problems)


def _group_of(whole: Group, part: Part) -> Group:
    """The group of one part, with what a carousel has once on its first item."""
    media = [item.model_copy() for item in whole.media[part.first : part.end]]
    for option in ("location_id", "collaborators"):
        named = [value for item in whole.media if (value := getattr(item, option))]
        if named and not any(getattr(item, option) for item in media):
            setattr(media[0], option, named[0])
    return Group(
        session_id=whole.session_id,
        group_id=part.group_id(whole.group_id),
        name=f"{whole.name or whole.group_id} ({part.name})",
        account_id=whole.account_id,
        media=media,
        caption=part.caption,
    )


def _problems(app: App, part: Part, group: Group, account_id: str) -> list[Problem]:
    """What is wrong with one part: its post, or another group that has its id."""
    found = app.store.group(group.session_id, group.group_id)
    if found is not None:
        if _hash_of(found.media) == _hash_of(group.media):
            return []
        return [
            Problem(
                item=f"part {part.name}",
                rule="split-group",
                found=f"a group {group.group_id} with other items",
                allowed="no such group, or the part's own",
                fix=f"Rename group {group.group_id}, or delete it if it is not needed.",
            )
        ]
    try:
        posts.prepare(app, group, account_id)
    except InvalidPostError as error:
        return [
            problem.model_copy(update={"item": f"part {part.name}, {problem.item}"})
            for problem in error.problems
        ]
    return []


def _hash_of(media: Sequence[MediaItem]) -> str:
    hashes = " ".join(item.options_hash() for item in media)
    return hashlib.sha256(hashes.encode()).hexdigest()[:32]
