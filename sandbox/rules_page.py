"""`docs/rules.md`, written from the tables of rules; `docs.generate` writes it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from postwright.limits import Limit
from postwright.preflight.catalogue import SUBJECTS, Entry

_WHERE = {
    "both": "files, start, run",
    "files": "files",
    "objects": "start, run",
    "token": "account, start, run",
    "budgets": "account",
}

_HEAD = """# Rules

Everything that is checked before the first call to Instagram, all problems at once. This page is
written from the tables of rules ([media and options](../src/postwright/preflight/),
[accounts](../src/postwright/account_rules.py)) by `make docs`; change them there. A limit carries
the page that it was read on and the day.

*When*: **files** is `postwright preflight FILES`, which `postwright publish FILES` does too before
it uploads anything; **account** is what `preflight --account A` adds. **start** is `POST
/api/publish/start` (HTTP 422) and each other start, **run** the first step of the workflow,
`LoadPost`, and again when a scheduled run begins; of a token it is `CheckQuota`. Start and run read
the objects in the bucket through the same presigned URLs, and with the same kind of requests, as
Instagram's crawler; of a photo at most 224 KB, of a video at most 950 KB.

A *warning* is told and stops nothing. What is used up for now stops no run that may wait: see
[the workflow](../statemachine/README.md).
"""

_TAIL = """
## Where nothing can go wrong

| Instagram asks | Here |
|---|---|
| Trial Reels: Reels only, with a valid strategy | No such option: it is refused as unknown |
| The AI label: on the carousel, not on its items | The same |
| No caption on the items of a carousel | Only the carousel's own container gets one |
| URLs that live until the media is processed | Settings with a shorter life are refused |
| Uploads in parts only on graph.facebook.com | URLs are sent, never bytes |
| The post is written down before the first call | So is [its snapshot](records.md) |

## What is not seen

- Damage in the middle of a photo or video, where its head, its tail and the sizes of its boxes are
  right. Of a file on disk, a baseline photo is decoded in full; all else takes a decoder for video,
  which is too large for a function.
- Whether the groups of pictures of a video are closed.
- The length, rate and sound of a video whose headers are longer than 950 KB (`media-unread`), for
  example one in hundreds of fragments. `postwright preflight FILE` reads all of them.
- Whether users, Pages and places exist. Instagram tells at the create call.

What passes here and is refused by Instagram anyway ends the run before anything is published, with
the item and Instagram's reason; see [errors](errors.md).
"""


def page() -> str:
    """The whole page."""
    return _HEAD + "".join(_section(subject, SUBJECTS[subject]) for subject in SUBJECTS) + _TAIL


def _section(subject: str, entries: tuple[Entry, ...]) -> str:
    head = (
        f"\n## {subject}\n\n"
        "| Rule | Limit | Source, read on | What Instagram answers | When |\n"
        "|---|---|---|---|---|\n"
    )
    return head + "".join(f"{_line(entry)}\n" for entry in entries)


def _line(entry: Entry) -> str:
    name = f"`{entry.id}`" + (" *warning*" if entry.severity == "warning" else "")
    limit = entry.limit
    cells = (
        name,
        _told(limit),
        f"{limit.source}, {limit.read_on}",
        entry.answer,
        _WHERE[entry.where],
    )
    return f"| {' | '.join(cells)} |"


def _told(limit: Limit[Any]) -> str:
    value = limit.value
    if isinstance(value, tuple):
        text = " or ".join(str(part) for part in value)
    elif isinstance(value, timedelta):
        text = f"{value / timedelta(hours=1):g} hour"
    elif isinstance(value, Mapping):
        text = "; ".join(f"{login}: {_joined(part)}" for login, part in value.items())
    else:
        text = f"{value:,}" if isinstance(value, int) else str(value)
    return f"{text} ({limit.unit})"


def _joined(part: Any) -> str:
    return part if isinstance(part, str) else ", ".join(part)
