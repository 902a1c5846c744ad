"""The pool of hashtags that posts draw from: one JSON file that several processes may change.

A change is made under a lock, written to a file beside the pool, flushed to the disk and renamed,
so that whoever reads sees the pool before or after it, even if the process is killed in between.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import ConfigDict, Field, ValidationError

from postwright import clock
from postwright.errors import InvalidPostError
from postwright.hashtags.statistics import Statistics
from postwright.hashtags.tags import normalise, normalise_all
from postwright.models import Instant, Model, now_text

VERSION: Final = 1
_LOCK_SECONDS: Final = 10.0
_LOCK_LOOK_SECONDS: Final = 0.02


class PoolError(Exception):
    """The pool cannot be used; the text is a sentence that says what to do."""


class Source(Model):
    """Where a hashtag came from, and when."""

    name: str
    at: Instant


class PooledTag(Model):
    """A hashtag of the pool; keys that we do not know are kept."""

    model_config = ConfigDict(extra="allow")

    tag: str
    sources: list[Source] = Field(default_factory=list)
    statistics: Statistics | None = None

    def came_from(self, source: Source) -> None:
        """Note a source; one that is known keeps its first date."""
        if source.name not in {known.name for known in self.sources}:
            self.sources.append(source)


class _PoolFile(Model):
    model_config = ConfigDict(extra="allow")

    version: Literal[1] = VERSION
    tags: list[PooledTag] = Field(default_factory=list)


@dataclass
class Pool:
    """What the pool holds. `kept_aside` is the damaged file in whose place it stands."""

    tags: dict[str, PooledTag] = field(default_factory=dict)
    others: dict[str, Any] = field(default_factory=dict)
    kept_aside: Path | None = None

    def add(self, found: PooledTag) -> bool:
        """Add a hashtag, or merge it with the one that is there; True when it is new.

        Of two measurements the newer one stays.
        """
        known = self.tags.get(found.tag)
        if known is None:
            self.tags[found.tag] = found
            return True
        for source in found.sources:
            known.came_from(source)
        known.statistics = _newer(known.statistics, found.statistics)
        return False

    def add_all(self, tags: Iterable[str], source: str) -> list[str]:
        """Add hashtags in their one form; the new ones come back."""
        now = now_text()
        return [
            tag
            for tag in tags
            if self.add(PooledTag(tag=tag, sources=[Source(name=source, at=now)]))
        ]

    def remove_all(self, tags: Iterable[str]) -> list[str]:
        """Take hashtags out; those that were in it come back."""
        return [tag for tag in tags if self.tags.pop(tag, None) is not None]

    def ranked(self, stale_days: int) -> list[PooledTag]:
        """The best first: those measured lately by score, then stale ones by score, then those
        that were never measured, by name.
        """

        def place(found: PooledTag) -> tuple[int, float, str]:
            if found.statistics is None:
                return 2, 0.0, found.tag
            return found.statistics.is_stale(stale_days), -found.statistics.score, found.tag

        return sorted(self.tags.values(), key=place)

    def to_measure(self, stale_days: int) -> list[str]:
        """What was never measured, by name, then what was measured too long ago, oldest first."""
        found = [
            (tag.statistics.measured_at if tag.statistics else "", tag.tag)
            for tag in self.tags.values()
            if tag.statistics is None or tag.statistics.is_stale(stale_days)
        ]
        return [tag for _, tag in sorted(found)]


class PoolFile:
    """The pool at a path; the file need not exist."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()

    def read(self) -> Pool:
        """The pool as it is; raises PoolError when the file is damaged, which stays as it is."""
        try:
            return _parse(self.path)
        except _DamagedError as error:
            raise PoolError(
                f"The hashtag pool {self.path} is damaged ({error}). Mend it, or add hashtags: then"
                " it is kept aside and a new pool begins."
            ) from error

    @contextmanager
    def changing(self) -> Iterator[Pool]:
        """The pool, which is written when the block ends without an error.

        A damaged file is renamed first, so that nothing of it is lost. Raises PoolError when
        another process holds the pool for too long.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._locked():
            pool = self._read_or_keep_aside()
            yield pool
            self._write(pool)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """The lock ends with the process that holds it, however that ends."""
        ends_at = clock.monotonic() + _LOCK_SECONDS
        with self._beside("lock").open("a", encoding="utf-8") as lock:
            while not _try_lock(lock.fileno()):
                if clock.monotonic() > ends_at:
                    raise PoolError(
                        f"Another process has held the hashtag pool {self.path} for"
                        f" {_LOCK_SECONDS:.0f} seconds. Try again when it is done."
                    )
                clock.sleep(_LOCK_LOOK_SECONDS)
            yield

    def _read_or_keep_aside(self) -> Pool:
        try:
            return _parse(self.path)
        except _DamagedError:
            now = clock.now()
            aside = self._beside(f"damaged-{now:%Y%m%dT%H%M%S}.{now.microsecond:06}")
            self.path.rename(aside)
            return Pool(kept_aside=aside)

    def _write(self, pool: Pool) -> None:
        tags = [pool.tags[tag].to_json() for tag in sorted(pool.tags)]
        document = {**pool.others, "version": VERSION, "tags": tags}
        new = self._beside("new")
        with new.open("w", encoding="utf-8") as file:
            json.dump(document, file, ensure_ascii=False, indent=1)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        if self.path.exists():
            shutil.copymode(self.path, new)
        new.replace(self.path)
        _flush_folder(self.path.parent)

    def _beside(self, what: str) -> Path:
        return self.path.with_name(f"{self.path.name}.{what}")


def read_import(path: Path) -> list[PooledTag]:
    """The hashtags in a file: another pool, a JSON list of words, or text, in which a new line, a
    comma and the sign # begin the next one.

    Raises PoolError for a file that holds none, InvalidPostError that lists all that are wrong.
    """
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    source = Source(name=f"file {path.name}", at=now_text())
    if text.lstrip().startswith("{"):
        try:
            return _imported_pool(path, source)
        except _DamagedError as error:
            raise PoolError(f"{path.name} is no hashtag pool ({error}).") from error
    found = [PooledTag(tag=tag, sources=[source]) for tag in normalise_all(_words(text, path))]
    if not found:
        raise PoolError(f"{path.name} holds no hashtags: one a line is wanted.")
    return found


class _DamagedError(Exception):
    """A file that is no pool, and why."""


def _imported_pool(path: Path, source: Source) -> list[PooledTag]:
    found = list(_parse(path).tags.values())
    for tag in found:
        tag.came_from(source)
    return found


def _words(text: str, path: Path) -> list[str]:
    if not text.lstrip().startswith("["):
        return [word for word in re.split(r"[\n,#]", text) if word.strip()]
    try:
        words = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PoolError(f"{path.name} is no JSON ({error}).") from error
    if not all(isinstance(word, str) for word in words):
        raise PoolError(f"{path.name} is a list of other things than words.")
    return list(words)


def _parse(path: Path) -> Pool:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Pool()
    except UnicodeDecodeError as error:
        raise _DamagedError("it is not UTF-8") from error
    try:
        document = json.loads(text)
        if isinstance(document, dict) and isinstance(version := document.get("version"), int):
            _refuse_newer(path, version)
        read = _PoolFile.model_validate(document)
        normalise_all(found.tag for found in read.tags)
    except ValidationError as error:
        row = error.errors()[0]
        place = ".".join(map(str, row["loc"])) or "the document"
        raise _DamagedError(f"{place}: {row['msg']}") from error
    except InvalidPostError as error:
        raise _DamagedError(error.sentence) from error
    except (ValueError, RecursionError) as error:
        raise _DamagedError(str(error) or "it is nested too deeply") from error
    pool = Pool(others=read.model_extra or {})
    for found in read.tags:
        found.tag = normalise(found.tag)
        pool.add(found)
    return pool


def _refuse_newer(path: Path, version: int) -> None:
    if version > VERSION:
        raise PoolError(
            f"The hashtag pool {path} has the form {version}, and this Postwright knows only"
            f" {VERSION}. Use the newer Postwright that wrote it."
        )


def _newer(one: Statistics | None, other: Statistics | None) -> Statistics | None:
    found = [statistics for statistics in (one, other) if statistics is not None]
    return max(found, key=lambda statistics: statistics.measured_at, default=None)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _flush_folder(folder: Path) -> None:
    """A rename is on the disk when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
