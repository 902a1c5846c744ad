from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.web.browser import browsing


@pytest.fixture(scope="package")
def _browser() -> Iterator[Browser]:
    """Not for the whole session: while Playwright drives it, this thread has a running event loop,
    and no test of another folder could run one.
    """
    with browsing() as browser:
        yield browser


@pytest.fixture
def page(_browser: Browser) -> Iterator[Page]:
    """A page of a browser that remembers nothing of the tests before."""
    context = _browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(20_000)
    try:
        yield context.new_page()
    finally:
        context.close()


@pytest.fixture(scope="package")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures of the page go: POSTWRIGHT_PICTURES, if that is set."""
    chosen = os.environ.get("POSTWRIGHT_PICTURES")
    return Path(chosen) if chosen else tmp_path_factory.mktemp("pictures")
