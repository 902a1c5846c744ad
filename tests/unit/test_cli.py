"""The command line without a sandbox: usage, help, preflight, and where it refuses to go."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

import postwright
from postwright import recording
from postwright.cli import cli
from postwright.recording import Recording
from tests.command_line import Call, Done, run
from tests.media import picture

PROBLEM_KEYS = {"item", "rule", "found", "allowed", "fix"}


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(picture((1080, 1350)))
    return path


def commands(group: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command and group, by the words that lead to it."""
    command = group or typer.main.get_command(cli)
    yield path
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*path, name))


def command_at(path: tuple[str, ...]) -> Any:
    command: Any = typer.main.get_command(cli)
    for name in path:
        command = command.commands[name]
    return command


# Help and usage.


def test_version_is_printed(call: Call) -> None:
    assert call("--version") == Done(0, f"postwright {postwright.__version__}\n", "")


def test_the_module_is_the_same_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "postwright.cli", "--version"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, run("--version").out)


@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
def test_help_of_every_command_explains_every_option(call: Call, path: tuple[str, ...]) -> None:
    shown = call(*path, "--help")

    options = command_at(path).params
    named = {name for option in options for name in option.opts if name.startswith("--")}
    assert (shown.code, shown.err) == (0, "")
    assert {name for name in named if name not in shown.out} == set()
    assert [option.name for option in options if not getattr(option, "help", None)] == []


@pytest.mark.parametrize("path", [(), ("auth",), ("sandbox",)])
def test_a_group_without_a_command_shows_its_help(call: Call, path: tuple[str, ...]) -> None:
    shown = call(*path)

    assert shown.code == 2
    assert "Commands:" in shown.out + shown.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["publsih"], "No such command 'publsih'"),
        (["publish", "--captoin", "x"], "No such option: --captoin"),
        (["publish", "a.jpg", "--on-quota", "hope"], "'hope' is not one of 'fail', 'wait'"),
        (["publish", "a.jpg", "--publish-at", "tomorrow"], "write it like 2026-12-01T09:00:00Z"),
        (["publish", "a.jpg", "--publish-at", "2026-12-01T09:00:00"], "write it like"),
        (["publish"], "Name FILES, or a stored post with --session and --group."),
        (["publish", "--session", "s"], "Name FILES, or a stored post with --session and --group."),
        (["publish", "a.jpg", "--session", "s", "--group", "g"], "not both"),
        (["publish", "a.jpg", "--group", "g"], "not both"),
        (["publish", "--session", "s", "--group", "g", "--caption", "Hi"], "has its own"),
        (["publish", "--session", "s", "--group", "g", "--hashtag", "a"], "has its own"),
        (["publish", "--session", "s", "--group", "g", "--location", "1"], "has its own"),
        (["publish", "a.jpg", "--location", "Skagen"], "`postwright location search` finds it"),
        (["location", "search", "x", "--near", "north,8"], "latitude: found 'north', allowed"),
        (["publish", "a.jpg", "--alt", "one", "--alt", "two"], "2 alt texts were given for 1 file"),
        (["status"], "Missing argument"),
        (["preflight"], "Missing argument"),
        (["preflight", "a.jpg", "--carousel-max", "0"], "greater than or equal to 2"),
        (["auth", "login", "--listen", "--code-file", "-"], "--listen or --code-file, not both"),
        (["auth", "login", "--page", "1"], "--page goes with --login facebook"),
        (["auth", "login", "--json"], "add --listen or --code-file"),
        (["auth", "login", "--account", "a/b"], "'a/b' cannot name an account"),
        (["auth", "login", "--wait", "0"], "greater than or equal to 1"),
        (["auth", "status", "--account", ""], "'' cannot name an account"),
        (["auth", "forget", "--json"], "add --yes"),
        (["setup", "--skip", "lunch"], "--skip takes app, account, token, bucket, container."),
        (["setup", "--json", "--skip", "app"], "add --listen or --code-file"),
        (["sandbox", "serve", "--speed", "fast"], "--speed takes a number above 0, or max"),
        (["sandbox", "serve", "--speed", "inf"], "--speed takes a number above 0, or max"),
        (["sandbox", "serve", "--speed", "1000000"], "--speed takes a number above 0, or max"),
        (["sandbox", "serve", "--speed", "0"], "--speed takes a number above 0, or max"),
        (["sandbox", "serve", "--speed", "-2"], "--speed takes a number above 0, or max"),
        (["sandbox", "serve", "--speed", "nan"], "--speed takes a number above 0, or max"),
        (["sandbox", "serve", "--port", "70000"], "less than or equal to 65535"),
    ],
)
def test_wrong_usage_is_one_sentence_and_exit_code_2(
    call: Call, arguments: list[str], sentence: str
) -> None:
    done = call(*arguments)

    assert (done.code, done.out) == (2, "")
    assert sentence in done.err
    assert "Traceback" not in done.err


# Where it goes.


@pytest.mark.parametrize(
    "arguments",
    [["publish", "a.jpg"], ["publish", "--session", "s", "--group", "g"], ["status", "j"]],
)
def test_without_an_endpoint_a_sentence_tells_how_to_get_one(
    call: Call, arguments: list[str]
) -> None:
    done = call(*arguments)

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("There is no AWS to talk to. Start a sandbox with `postwright")
    assert done.err.count("\n") == 1


def test_an_endpoint_where_nothing_listens_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"

    done = run("status", "j", aws=endpoint)

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"No sandbox answers at {endpoint} (ConnectError).")


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://dynamodb.us-east-1.amazonaws.com",
        "http://10.0.0.1:8082",
        "http://localhost.evil.example:8082",
        "http://127.0.0.1@evil.example",
        "http://0.0.0.0:8082",
        "127.0.0.1:8082",
        "http://[::1",
        "file:///etc/passwd",
    ],
)
def test_an_endpoint_that_is_not_on_this_machine_is_refused(
    call: Call, monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)

    done = call("publish", "a.jpg")

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"AWS_ENDPOINT_URL={endpoint} is not a sandbox on this machine.")


def test_a_server_that_is_no_sandbox_is_refused(media: Any) -> None:
    media.put("_sandbox", b"<html>", "text/html")

    done = run("status", "j", aws=media.origin)

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"No sandbox answers at {media.origin}")


def test_a_setting_that_cannot_be_used_is_named(media: Any) -> None:
    sandbox = {"stateMachineArn": "arn", "instagram": "http://127.0.0.1:1", "now": "2026-01-01"}
    media.put("_sandbox", json.dumps(sandbox).encode(), "application/json")

    done = run("status", "j", aws=media.origin, POSTWRIGHT_CAROUSEL_MAX="many")

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("A setting cannot be used. POSTWRIGHT_CAROUSEL_MAX: ")


def test_the_sandbox_without_its_parts_says_what_to_install(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "sandbox"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.setattr("postwright.cli.sandbox.stay_on_this_machine", lambda: None)

    done = call("sandbox", "serve")

    assert done.code == 2
    assert done.err == (
        "The sandbox needs uvicorn. Install it with: pip install 'postwright[sandbox]'\n"
    )


# Preflight.


def test_preflight_shows_the_posts_that_a_split_would_make(call: Call, photo: Path) -> None:
    arguments = ("preflight", photo, photo, photo, "--caption", "Sea", "--carousel-max", "2")

    whole = call(*arguments, "--json")
    told = call(*arguments, "--split")
    document = call(*arguments, "--split", "--json").json

    assert [problem["rule"] for problem in whole.json["problems"]] == ["item-count"]
    assert "posts" not in whole.json
    assert told.out.splitlines() == [
        "Post 1/2: photo.jpg, photo.jpg",
        "  | (1/2) Sea",
        "  9 characters",
        "Post 2/2: photo.jpg",
        "  | (2/2) Sea",
        "  9 characters",
        "3 files: nothing to refuse.",
    ]
    assert document["ok"] is True
    assert [post["caption"] for post in document["posts"]] == ["(1/2) Sea", "(2/2) Sea"]
    assert document["posts"][1] == {
        "part": "2/2",
        "files": [str(photo)],
        "caption": "(2/2) Sea",
        "shortened": False,
    }


def test_good_files_pass(call: Call, photo: Path) -> None:
    assert call("preflight", photo, photo) == Done(0, "2 files: nothing to refuse.\n", "")


def test_good_files_pass_as_json(call: Call, photo: Path) -> None:
    done = call("preflight", photo, "--json")

    assert (done.code, done.err) == (0, "")
    assert done.json == {"ok": True, "problems": [], "warnings": []}
    assert done.out.count("\n") == 1


def test_what_is_worth_a_word_is_no_failure(call: Call, photo: Path) -> None:
    text = "#one #two #three #four #five #six"

    done = call("preflight", photo, "--caption", text)
    as_json = call("preflight", photo, "--caption", text, "--json")

    assert (done.code, as_json.code) == (0, 0)
    assert done.out == (
        "1 file: nothing to refuse.\n1 warning:\n"
        "  caption: found 6 hashtags, allowed 5 or fewer. Keep the best 5.\n"
    )
    assert as_json.json["ok"] is True
    [warning] = as_json.json["warnings"]
    assert warning.keys() == set(PROBLEM_KEYS)
    assert warning["rule"] == "caption-hashtags-many"


@pytest.fixture
def bad_files(tmp_path: Path, photo: Path) -> list[Path]:
    """One file of each kind that no post can have."""
    names = ["missing.jpg", "folder", "empty.jpg", "png.jpg", "truncated.jpg", "wide.jpg"]
    missing, folder, empty, png, truncated, wide = (tmp_path / name for name in names)
    folder.mkdir()
    empty.touch()
    png.write_bytes(picture((1080, 1080), kind="PNG"))
    truncated.write_bytes(photo.read_bytes()[:600])
    wide.write_bytes(picture((1080, 500)))
    return [missing, folder, empty, png, truncated, wide]


RULES = {
    "1: missing.jpg": "file-missing",
    "2: folder": "file-missing",
    "3: empty.jpg": "file-empty",
    "4: png.jpg": "image-format",
    "5: truncated.jpg": "image-damaged",
    "6: wide.jpg": "image-ratio",
    "caption": "caption-length",
}


def test_all_problems_are_listed_at_once(call: Call, bad_files: list[Path]) -> None:
    done = call("preflight", *bad_files, "--caption", "x" * 2201)

    lines = done.out.splitlines()
    assert (done.code, done.err) == (1, "")
    assert lines[0] == f"{len(RULES)} problems:"
    assert [line.split(": found ")[0].strip() for line in lines[1:]] == list(RULES)
    assert [line for line in lines[1:] if not re.search(r", allowed .+\. .+\.$", line)] == []


def test_all_problems_are_listed_as_json(call: Call, bad_files: list[Path]) -> None:
    done = call("preflight", *bad_files, "--caption", "x" * 2201, "--json")

    problems = done.json["problems"]
    assert (done.code, done.err) == (1, "")
    assert done.json.keys() == {"ok", "problems", "warnings"}
    assert done.json["ok"] is False
    assert {problem["item"]: problem["rule"] for problem in problems} == RULES
    assert {frozenset(problem) for problem in problems} == {frozenset(PROBLEM_KEYS)}


def test_too_many_files_are_a_problem_of_the_post(call: Call, photo: Path) -> None:
    done = call("preflight", *[photo] * 11)

    assert done.code == 1
    assert "media: found 11 items, allowed at most 10 items in a carousel." in done.out


def test_accounts_with_twenty_items_may_have_twenty(call: Call, photo: Path) -> None:
    assert call("preflight", *[photo] * 20, "--carousel-max", "20").code == 0


def test_names_are_printed_as_they_are(call: Call, tmp_path: Path) -> None:
    """Neither markup nor the names of emoji in a file name mean anything."""
    done = call("preflight", tmp_path / "[red]a:heart:[0m ü 🌊.jpg")

    assert "1: [red]a:heart:[0m ü 🌊.jpg: found no such file" in done.out


def test_a_terminal_that_knows_only_ascii_is_no_reason_to_fail(tmp_path: Path) -> None:
    missing = tmp_path / "größe 🌊.jpg"

    done = run("preflight", missing, PYTHONIOENCODING="ascii")
    as_json = run("preflight", missing, "--json", PYTHONIOENCODING="ascii")

    assert done.out.startswith("1 problem:\n  1: gr??e ?.jpg: found no such file")
    assert as_json.json["problems"][0]["item"] == "1: größe 🌊.jpg"


@pytest.mark.parametrize("arguments", [["--help"], ["preflight", "missing.jpg"], ["status", "j"]])
def test_what_does_not_go_to_a_terminal_has_no_escape_codes(arguments: list[str]) -> None:
    done = run(*arguments)

    assert "\x1b" not in done.out + done.err


# Replay


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--local", "--live"], "--local, --live, --redrive and --new exclude each other."),
        (["--redrive", "--new"], "--local, --live, --redrive and --new exclude each other."),
        (["--save", "x", "--local"], "--save plays live; it excludes --local, --redrive and"),
        (["--save", "x", "--redrive"], "--save plays live; it excludes --local, --redrive and"),
        (["--save", "x", "--new"], "--save plays live; it excludes --local, --redrive and"),
        (["--save", "X"], "--save takes a name of small letters, digits and hyphens."),
        (["--save", "../x"], "--save takes a name of small letters, digits and hyphens."),
        (["--save", ""], "--save takes a name of small letters, digits and hyphens."),
        (["--save", "-x"], "--save takes a name of small letters, digits and hyphens."),
        (["--save", "a" * 61], "--save takes a name of small letters, digits and hyphens."),
        (["--save", "there"], "tests/replays/there.json exists already."),
        (["--save", "x", "--expect", "Success"], "--expect takes PostPublished or the name of"),
        (["--save", "x", "--expect", "KeyError"], "--expect takes PostPublished or the name of"),
        (["--expect", "TokenInvalidError"], "--expect is for a test; add --save NAME."),
        (["--with-caption"], "--with-caption goes with --live or --save NAME."),
        (["--redrive"], "--redrive and --new act on a job or an execution, not on a file."),
        (["--new"], "--redrive and --new act on a job or an execution, not on a file."),
    ],
)
def test_replay_options_that_cannot_work_say_so(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "tests" / "replays"
    folder.mkdir(parents=True)
    events = [{"id": 1, "type": "ExecutionStarted", "timestamp": 1}]
    (folder / "there.json").write_text(recording.to_text(Recording("there", events)))

    done = call("replay", folder / "there.json", *options)

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(says)
    assert [path.name for path in folder.glob("*.json")] == ["there.json"]


def test_a_replay_is_saved_only_in_a_checkout(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    done = call("replay", "any", "--save", "x")

    assert done.code == 2
    assert done.err.startswith("There is no folder tests/replays here.")
