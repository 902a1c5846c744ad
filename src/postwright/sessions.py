"""Sessions as a page lists them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from postwright.answers import SessionLine, SessionsAnswer
from postwright.app import App


def listed(app: App, limit: int, after: str | None = None) -> SessionsAnswer:
    """Sessions, the newest first; `after` is the cursor of the page before."""
    page = app.store.sessions(limit, after)
    return SessionsAnswer(sessions=[_session(row) for row in page.rows], cursor=page.after)


def _session(row: Mapping[str, Any]) -> SessionLine:
    """A pipeline wrote it, so that anything may be in it."""
    name, step = row.get("name"), row.get("step")
    return SessionLine(
        session_id=row["sessionId"],
        name=name if isinstance(name, str) and name else row["sessionId"],
        step=step if isinstance(step, str) else None,
        created_at=row["createdAt"],
    )
