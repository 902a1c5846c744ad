"""Recordings: the files that the AWS CLI prints, our own, and those that are none."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from postwright import recording
from postwright.history import HistoryError
from postwright.recording import Recording
from tests.history_tape import START, Tape


def a_run() -> list[dict[str, Any]]:
    tape = Tape({"groupId": "group-1"})
    tape.passes(0.25).task("LoadPost", {"next": "now"}, seconds=1.5)
    tape.wait("WaitForContainers", 10)
    tape.end_failed("KeyError", "'größer'")
    return tape.events


def written(folder: Path, events: Any, **more: Any) -> Path:
    path = folder / "odd-code.json"
    path.write_text(json.dumps({"events": events, **more}), encoding="utf-8")
    return path


def as_text(event: dict[str, Any]) -> dict[str, Any]:
    """An event as the AWS CLI prints it."""
    return {**event, "timestamp": event["timestamp"].isoformat()}


def as_number(event: dict[str, Any]) -> dict[str, Any]:
    """An event as it is printed with `cli_timestamp_format = wire`."""
    return {**event, "timestamp": event["timestamp"].timestamp()}


@pytest.mark.parametrize("printed", [as_text, as_number])
def test_what_the_aws_cli_prints_is_a_recording(tmp_path: Path, printed: Any) -> None:
    path = written(tmp_path, [printed(event) for event in a_run()])

    found = recording.from_file(path)

    history = found.history()
    assert found.name == "odd-code"
    assert (found.definition, found.expect, found.caption) == (None, None, None)
    assert [visit.state for visit in history.visits] == ["LoadPost", "WaitForContainers"]
    assert history == Recording("same", a_run()).history()
    assert history.started_at == START


def test_events_in_reverse_order_are_read_too(tmp_path: Path) -> None:
    path = written(tmp_path, [as_text(event) for event in reversed(a_run())])

    assert recording.from_file(path).history() == Recording("same", a_run()).history()


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, [as_text(event) for event in a_run()])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())

    assert recording.from_file(path).history().outcome == "KeyError"


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"expect": "TokenInvalidError", "caption": "Zwei Tage, größer 🌊\n#meer"},
        {"definition": {"StartAt": "LoadPost", "States": {"LoadPost": {"Type": "Task"}}}},
    ],
)
def test_what_is_written_is_read_again(tmp_path: Path, more: dict[str, Any]) -> None:
    whole = Recording("odd-code", a_run(), **more)
    path = tmp_path / "odd-code.json"

    path.write_text(recording.to_text(whole), encoding="utf-8")

    found = recording.from_file(path)
    assert found.history() == whole.history()
    assert (found.name, found.expect, found.caption, found.definition) == (
        *("odd-code", more.get("expect"), more.get("caption")),
        more.get("definition"),
    )
    assert recording.to_text(found) == recording.to_text(whole)


def test_a_fixture_has_a_line_for_each_event_so_that_a_change_can_be_read() -> None:
    text = recording.to_text(Recording("odd-code", a_run(), expect="PostPublished"))

    lines = text.splitlines()
    assert [json.loads(line.strip().rstrip(","))["id"] for line in lines[3:-2]] == list(
        range(1, len(a_run()) + 1)
    )
    assert lines[1] == ' "expect": "PostPublished",'


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"# Postwright",
        b"\xff\xfe{\x00}\x00",
        b"[]",
        b"null",
        b"{}",
        b'{"events": null}',
        b'{"events": 7}',
        b'{"events": [7]}',
        b'{"events": ["ExecutionStarted"]}',
        b'{"events": [{"type": "ExecutionStarted"}]}',
        b'{"events": [{"id": null}]}',
        b'{"events": [], "definition": "LoadPost"}',
        b'{"events": [], "expect": 7}',
        b'{"events": [], "caption": ["sea"]}',
        b"[" * 100_000,
    ],
)
def test_a_file_that_is_no_recording_says_what_is_wanted(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.json"
    path.write_bytes(content)

    with pytest.raises(HistoryError) as caught:
        recording.from_file(path)

    assert str(caught.value) == (
        "notes.json holds no history: a JSON object with a list of events is wanted"
    )


@pytest.mark.parametrize(
    ("events", "says"),
    [
        ([], "there is no ExecutionStarted among the events"),
        ([{"id": 1}], "an event cannot be read"),
        ([{"id": 1, "type": "ExecutionStarted", "timestamp": "noon"}], "an event cannot be read"),
        ([{"id": 1, "type": "ExecutionStarted", "timestamp": 1e30}], "an event cannot be read"),
        ([{"id": 1, "type": "TaskScheduled", "timestamp": 1}], "there is no ExecutionStarted"),
    ],
)
def test_events_that_tell_no_run_are_refused(tmp_path: Path, events: Any, says: str) -> None:
    found = recording.from_file(written(tmp_path, events))

    with pytest.raises(HistoryError, match=says):
        found.history()


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        recording.from_file(tmp_path / "nothing.json")


def test_times_are_written_in_utc_to_the_millisecond() -> None:
    event = {"id": 1, "type": "ExecutionStarted", "timestamp": START.timestamp() + 0.1234}

    text = recording.to_text(Recording("x", [event]))

    [written_event] = json.loads(text)["events"]
    assert written_event["timestamp"] == "2026-11-24T12:00:00.123+00:00"
    assert datetime.fromisoformat(written_event["timestamp"]).tzinfo == UTC
