from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from postwright.cli import main
from tests.command_line import Call, Done
from tests.instagram_lab import Lab, serving_instagram
from tests.media import MediaServer, serving_media


@pytest.fixture(scope="session")
def _still_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with serving_instagram(tmp_path_factory.mktemp("instagram")) as lab:
        yield lab


@pytest.fixture(scope="session")
def _fast_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with serving_instagram(tmp_path_factory.mktemp("instagram"), speed=None) as lab:
        yield lab


@pytest.fixture(scope="session")
def _media_server() -> Iterator[MediaServer]:
    with serving_media() as server:
        yield server


@pytest.fixture
def lab(_still_lab: Lab) -> Lab:
    """An empty simulated Instagram whose clock only moves by `advance`."""
    _still_lab.start_anew()
    return _still_lab


@pytest.fixture
def fast_lab(_fast_lab: Lab) -> Lab:
    """An empty simulated Instagram that jumps over processing times once media is fetched."""
    _fast_lab.start_anew()
    return _fast_lab


@pytest.fixture
def media(_media_server: MediaServer) -> MediaServer:
    """An empty media server."""
    _media_server.files.clear()
    _media_server.asked.clear()
    _media_server.arrived.clear()
    return _media_server


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """The entry point in this process, for what needs no connection."""
    for name in ("POSTWRIGHT_CAROUSEL_MAX", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")

    def called(*arguments: str | Path) -> Done:
        monkeypatch.setattr(sys, "argv", ["postwright", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Done(int(ended.value.code or 0), said.out, said.err)

    return called
