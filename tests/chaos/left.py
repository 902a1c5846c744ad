"""What a run has left behind, read at one moment: a look at it costs no further call."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

from postwright.models import Fence, Job
from postwright.store import Store
from tests.chaos.explorer.table import Table
from tests.workflow.workbench import PostGroup, Workbench, hashes_of


@dataclass(frozen=True)
class Left:
    """`store` reads a copy of the table; `running` are the names of executions."""

    items: list[dict[str, Any]]
    store: Store
    posts: list[dict[str, Any]]
    running: list[str]

    @property
    def is_at_rest(self) -> bool:
        """True when nothing runs and no job is left that somebody must look after."""
        return not self.running and not any(self.store.open_jobs())

    @property
    def jobs(self) -> list[Job]:
        """Every job, of whatever group."""
        keys = [
            (item["sessionId"]["S"], item["jobId"]["S"])
            for item in self.items
            if item["SK"]["S"].startswith("PUBLISH#")
        ]
        found = [self.store.job(*key) for key in keys]
        return [job for job in found if job is not None]

    def records(self, groups: Iterable[PostGroup]) -> list[Fence]:
        """Who has each group, in their order."""
        found = [self.store.fence(group.session_id, group.group_id) for group in groups]
        return [record for record in found if record is not None]

    def posts_of(self, group: PostGroup) -> list[dict[str, Any]]:
        """The live posts that show any file of the group."""
        return [post for post in self.posts if set(hashes_of(post)) & set(group.hashes)]


def read(bench: Workbench) -> Left:
    """Read the table, the posts and what runs."""
    items = list(bench.items())
    table: Any = Table(items={(item["PK"]["S"], item["SK"]["S"]): item for item in items})
    return Left(
        items=items,
        store=Store(cast(Any, table), bench.table),
        posts=bench.posts(),
        running=bench.running(),
    )
