"""Posts on disk, so that a permalink printed by one run still opens in the next.

`posts/{media id}.json` describes a post, `media/` holds its files. Every file is written under
another name first and then renamed, the description last, so that a post is kept whole or not at
all.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox.instagram.media_door import MediaFile
from sandbox.instagram.posts import Media

_log = logging.getLogger(__name__)


class Keep:
    def __init__(self, directory: Path) -> None:
        self._posts = directory / "posts"
        self._media = directory / "media"
        self._posts.mkdir(parents=True, exist_ok=True)
        self._media.mkdir(parents=True, exist_ok=True)

    def save(self, owner_id: str, post: Media) -> None:
        """A full disk costs the later run its copy, not this run its post."""
        try:
            self._save(owner_id, post)
        except OSError:
            _log.exception("post %s could not be kept", post.id)

    def _save(self, owner_id: str, post: Media) -> None:
        for media in (post, *post.children):
            if media.file is not None:
                _copy(media.file.path, self._media / media.id)
                if media.file.thumbnail is not None:
                    _copy(media.file.thumbnail, self._media / f"{media.id}.thumbnail")
        target = self._posts / f"{post.id}.json"
        draft = target.with_suffix(".draft")
        draft.write_text(json.dumps({"owner_id": owner_id} | _as_json(post)), encoding="utf-8")
        draft.replace(target)

    def forget(self, post: Media) -> None:
        """The description first, so that a post whose files are half gone is not there."""
        (self._posts / f"{post.id}.json").unlink(missing_ok=True)
        for media in (post, *post.children):
            (self._media / media.id).unlink(missing_ok=True)
            (self._media / f"{media.id}.thumbnail").unlink(missing_ok=True)

    def load(self) -> list[tuple[str, Media]]:
        """Owner and post, oldest first; a post that cannot be read is left out with a warning."""
        return sorted(self._load_all(), key=lambda kept: kept[1].published_at)

    def clear(self) -> None:
        for path in [*self._posts.iterdir(), *self._media.iterdir()]:
            path.unlink(missing_ok=True)

    def _load_all(self) -> Iterator[tuple[str, Media]]:
        for path in self._posts.glob("*.json"):
            try:
                record = json.loads(path.read_text(encoding="utf-8"))
                yield record["owner_id"], self._from_json(record)
            except (OSError, ValueError, KeyError, TypeError) as error:
                _log.warning("kept post %s cannot be read and is left out: %s", path.name, error)

    def _from_json(self, record: dict[str, Any]) -> Media:
        file = record["file"]
        return Media(
            id=record["id"],
            media_type=record["media_type"],
            product_type=record["product_type"],
            creation_id=record["creation_id"],
            published_at=datetime.fromisoformat(record["published_at"]),
            caption=record["caption"],
            shortcode=record["shortcode"],
            options=record["options"],
            file=self._file(record["id"], file) if file is not None else None,
            children=tuple(self._from_json(child) for child in record["children"]),
            username=record["username"],
        )

    def _file(self, media_id: str, record: dict[str, Any]) -> MediaFile:
        path = self._media / media_id
        thumbnail = self._media / f"{media_id}.thumbnail"
        file = MediaFile(path=path, **record)
        if path.stat().st_size != file.size:
            raise ValueError(f"{path.name} has not the size that was recorded")
        return replace(file, thumbnail=thumbnail if thumbnail.exists() else None)


def _as_json(media: Media) -> dict[str, Any]:
    return {
        "id": media.id,
        "media_type": media.media_type,
        "product_type": media.product_type,
        "creation_id": media.creation_id,
        "published_at": media.published_at.isoformat(),
        "caption": media.caption,
        "shortcode": media.shortcode,
        "options": media.options,
        "file": _file_as_json(media.file) if media.file is not None else None,
        "children": [_as_json(child) for child in media.children],
        "username": media.username,
    }


def _file_as_json(file: MediaFile) -> dict[str, Any]:
    names = ("content_type", "sha256", "size", "width", "height", "seconds")
    return {name: getattr(file, name) for name in names}


def _copy(source: Path, target: Path) -> None:
    """A hard link where the file system allows it: a video may have 300 MB."""
    draft = target.with_name(target.name + ".draft")
    draft.unlink(missing_ok=True)
    try:
        os.link(source, draft)
    except OSError:
        shutil.copyfile(source, draft)
    draft.replace(target)
