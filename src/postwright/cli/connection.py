"""Which AWS the commands talk to. A loopback AWS_ENDPOINT_URL alone leads to a sandbox."""

from __future__ import annotations

import os
from datetime import datetime
from urllib.parse import urlsplit

import httpx

from postwright import clock
from postwright.app import App
from postwright.cli.console import UsageError
from postwright.settings import Settings

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SANDBOX_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "sandbox",
    "AWS_SECRET_ACCESS_KEY": "sandbox",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
}
_NEVER_SENT_TO_A_SANDBOX = ("AWS_PROFILE", "AWS_SESSION_TOKEN")


class SandboxClock:
    """The clock of a sandbox in another process, asked for at each use."""

    def __init__(self, endpoint: str) -> None:
        self._url = f"{endpoint.rstrip('/')}/_sandbox"

    def describe(self) -> dict[str, str]:
        """What the sandbox says of itself."""
        answer = httpx.get(self._url, timeout=10, trust_env=False)
        answer.raise_for_status()
        found: dict[str, str] = answer.json()
        return found

    def now(self) -> datetime:
        """The sandbox's simulated instant."""
        return clock.from_text(self.describe()["now"])

    def sleep(self, seconds: float) -> None:
        """Real seconds: a command never waits for simulated time."""
        clock.SystemClock().sleep(seconds)

    def wall_seconds(self, seconds: float) -> float:
        """Real seconds: what a command waits for is a real socket."""
        return seconds


def connect() -> App:
    """The parts, connected to a sandbox.

    Raises UsageError when the environment names none, or when nothing answers where it points.
    """
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    if urlsplit(endpoint).hostname not in _LOOPBACK:
        raise UsageError(
            "There is no AWS to talk to. Start a sandbox with `postwright sandbox serve` and set"
            " AWS_ENDPOINT_URL to the AWS address that it prints, for example"
            " AWS_ENDPOINT_URL=http://127.0.0.1:8082."
        )
    for name in _NEVER_SENT_TO_A_SANDBOX:
        os.environ.pop(name, None)
    os.environ.update(_SANDBOX_ENVIRONMENT)
    remote = SandboxClock(endpoint)
    try:
        found = remote.describe()
    except (httpx.HTTPError, ValueError) as error:
        raise UsageError(
            f"No sandbox answers at {endpoint} ({type(error).__name__}). Start one with"
            " `postwright sandbox serve`, or correct AWS_ENDPOINT_URL."
        ) from error
    clock.use(remote)
    environment = {
        "POSTWRIGHT_STATE_MACHINE_ARN": found["stateMachineArn"],
        "POSTWRIGHT_GRAPH_URL": found["instagram"],
        **os.environ,
    }
    return App.connect(Settings.from_environment(environment))
