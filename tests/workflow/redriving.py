"""What tests of redrives share: mending a cause, and who may ask for a container afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from postwright.models import PARENT, Container, parse_instant
from postwright.reusing import EXPIRED_AGE_SECONDS
from tests.workflow.workbench import NEW_TOKEN, PostGroup, Workbench


def log_in_anew(bench: Workbench) -> None:
    bench.configure(tokens={NEW_TOKEN: "ok"})
    bench.store_token(NEW_TOKEN)


def creates(bench: Workbench, group: PostGroup, *, made: bool = False) -> Counter[int]:
    """How often a container was asked for, by the number of the item, which is 0 for the carousel
    itself; `made` leaves out what Instagram refused.
    """
    asked = Counter[int]()
    for request in bench.requests():
        is_create = request["method"] == "POST" and request["path"].endswith("/media")
        if is_create and (request["status"] == 200 or not made):
            asked += Counter(_numbers_in(request["parameters"], group))
    return asked


def without_container(bench: Workbench, group: PostGroup, job_id: str) -> set[int]:
    """The same numbers, of what has no live container in a job; none when the post is live."""
    if bench.posts_of(group):
        return set()
    containers = bench.job(job_id).containers
    numbers = range(1, len(group.files) + 1)
    missing = {n for n in numbers if not _lives(bench, containers.get(str(n - 1)))}
    if len(group.files) > 1 and (missing or not _lives(bench, containers.get(PARENT))):
        missing.add(0)
    return missing


def _numbers_in(parameters: Mapping[str, Any], group: PostGroup) -> Iterator[int]:
    if "children" in parameters:
        yield 0
    for number, file in enumerate(group.files, 1):
        if file.name in str(parameters):
            yield number


def _lives(bench: Workbench, container: Container | None) -> bool:
    """Whether Instagram has it, has not refused it, and will still know it for an hour."""
    if container is None or not container.exists or container.created_at is None:
        return False
    age = bench.now() - parse_instant(container.created_at)
    return age < timedelta(seconds=EXPIRED_AGE_SECONDS)
