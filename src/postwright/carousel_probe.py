"""How many items an account's carousels may have, found out with containers that are never
published.

Instagram documents ten; its app takes twenty, and so does the API for some accounts. Only a try
tells: twenty small photos, and one carousel of them. Containers that nobody publishes are seen by
nobody and expire after 24 hours.

Source of both numbers: Meta, content publishing guide and IG User media reference, read 2026-09-11,
against the app and third parties, 2026.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from postwright import breaker, limits
from postwright.doctor import Finding, Visit
from postwright.errors import InvalidPostError
from postwright.models import CarouselCap, now_text

if TYPE_CHECKING:
    from postwright.app import App

ITEMS: Final = 20
CONTAINERS: Final = ITEMS + 1
_KEY: Final = "postwright-probe/enhanced/probe.jpg"
_SIDE: Final = 320
_TOO_MANY_ITEMS: Final = (100, 2207028)
_READY_SECONDS: Final = 300


def probe(app: App, account_id: str) -> CarouselCap:
    """Try a carousel of twenty, keep for the account what came out, and return it.

    Nothing is published. Raises whatever a call to Instagram raises, and QuotaExceededError or
    RateLimitedError without room for its containers or calls; then nothing is kept. A
    repeat costs as many containers again; the photo stays in the bucket and is used again.
    """
    breaker.check(app.store, account_id)
    takes = _takes_twenty(app, account_id)
    found = ITEMS if takes else limits.CAROUSEL_MAX_ITEMS.value
    cap = CarouselCap(max_items=found, checked_at=now_text())
    app.store.put_carousel_cap(account_id, cap)
    return cap


def carousel(visit: Visit) -> Iterator[Finding]:
    """A check for the doctor: tries it, and says what was found out."""
    cap = probe(visit.app, visit.account_id)
    works = "work" if cap.max_items == ITEMS else "are refused"
    yield Finding(
        check="carousel_probe",
        status="ok",
        sentence=f"Carousels of {ITEMS} items {works} for this account; nothing was published.",
    )


def _takes_twenty(app: App, account_id: str) -> bool:
    """Whether the carousel can be made and becomes ready."""
    _check_calls(app, account_id)
    instagram = app.instagram(account_id, token_read_now=True)
    _upload_photo(app)
    children = []
    for _ in range(ITEMS):
        app.budgets.take_lone_container(account_id)
        url = app.media.presign(_KEY)
        children.append(instagram.create_image_container(url, is_carousel_item=True))
    _wait_for(app, account_id, children)
    app.budgets.take_lone_container(account_id)
    try:
        parent = instagram.create_carousel_container(children)
    except InvalidPostError as error:
        if (error.code, error.subcode) == _TOO_MANY_ITEMS:
            return False
        raise
    _wait_for(app, account_id, [parent])
    return True


def _check_calls(app: App, account_id: str) -> None:
    """Raise RateLimitedError unless there are calls for all containers and a look at each."""
    app.budgets.take_calls(account_id, 0, "new", ahead=2 * CONTAINERS).without_pause()


def _wait_for(app: App, account_id: str, containers: Sequence[str]) -> None:
    with app.calling(account_id, len(containers), "look") as instagram:
        for container in containers:
            instagram.wait_for_container(container, timeout_seconds=_READY_SECONDS)


def _upload_photo(app: App) -> None:
    from PIL import Image

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "probe.jpg"
        Image.new("RGB", (_SIDE, _SIDE), "gray").save(path)
        app.media.upload(path, _KEY, f"{_SIDE}x{_SIDE}")
